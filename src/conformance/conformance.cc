#include "conformance/conformance.h"

#include "conformance/checks.h"

namespace crossval {

Result<Conformance> check_conformance(const ProcessOptions& options,
                                      const std::function<void(std::string_view)>& progress) {
  CheckedProgram program(options);
  Conformance result;
  for (const Rule& rule : conformance_rules()) {
    progress(rule.name);
    ConformanceItem item{.name = rule.name, .rule = rule.text};
    const bool starts = result.items.empty() || result.items.front().keeping == Keeping::kept;
    if (!starts) {
      item.why = "it does not start";
      result.items.push_back(std::move(item));
      continue;
    }
    const auto checked = rule.check(program);
    if (options.stop.stop_requested()) return fail(ExitCode::interrupted, "interrupted");
    if (checked) {
      item.keeping = checked->keeping;
      item.why = checked->why;
    } else {
      item.keeping = Keeping::broken;
      item.why = checked.error().what;
      if (!checked.error().hint.empty()) item.why += "\n" + checked.error().hint;
      program.forget_engine();
    }
    result.items.push_back(std::move(item));
  }
  if (const auto engine = program.engine()) result.engine = (*engine)->info();
  return result;
}

}  // namespace crossval
