#include "graph/faults.h"

#include <fmt/format.h>

#include <charconv>

#include "graph/edit.h"
#include "graph/mistakes.h"

namespace crossval {
namespace {

std::string names() {
  std::string names(kMissingBos);
  for (const Mistake& mistake : mistakes()) names += fmt::format(", {}", mistake.name);
  return names;
}

}  // namespace

Result<void> plant_fault(std::string_view fault, Graph& graph) {
  const size_t at = std::min(fault.find('@'), fault.size());
  const std::string_view name = fault.substr(0, at);
  if (fault == kMissingBos) return {};
  const Mistake* mistake = find_mistake(name);
  if (mistake == nullptr) {
    return fail(ExitCode::usage, fmt::format("no fault is called \"{}\"", fault), {},
                "There are: " + names() + ".");
  }
  Scope scope;
  if (at < fault.size()) {
    const std::string_view text = fault.substr(at + 1);
    int64_t layer = -1;
    const auto [end, status] = std::from_chars(text.data(), text.data() + text.size(), layer);
    if (status != std::errc{} || end != text.data() + text.size() || layer < 0 ||
        layer >= layers_of(graph)) {
      return fail(ExitCode::usage, fmt::format("fault {}: \"{}\" is no layer from 0 to {}", name,
                                               text, layers_of(graph) - 1));
    }
    scope.layer = layer;
  }
  if (mistake->edit(graph, scope)) return {};
  return fail(ExitCode::usage,
              fmt::format("fault {} needs a model with {}{}", name, mistake->needs,
                          scope.layer ? fmt::format(" in layer {}", *scope.layer) : ""));
}

}  // namespace crossval
