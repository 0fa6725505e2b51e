#include "checkpoint/tensors.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <memory>
#include <string_view>
#include <utility>

#include "base/shown_text.h"

namespace crossval {
namespace {

// Tables that a model computes by itself, and masks.
constexpr std::string_view kComputed[] = {".rotary_emb.inv_freq", ".attention.masked_bias",
                                          ".attention.bias", ".attn.masked_bias", ".attn.bias"};

bool is_computed(std::string_view name) {
  return std::ranges::any_of(kComputed,
                             [&](std::string_view ending) { return name.ends_with(ending); });
}

/// What a rule makes of a name; empty where it is not about it.
std::string target(const TensorRule& rule, std::string_view name, PatternNumbers* numbers) {
  std::string_view suffix;
  if (!matches(rule.from, name, numbers)) {
    const size_t dot = name.rfind('.');
    if (dot == std::string_view::npos) return {};
    suffix = name.substr(dot);
    if ((suffix != ".weight" && suffix != ".bias") ||
        !matches(rule.from, name.substr(0, dot), numbers)) {
      return {};
    }
    if (rule.to.ends_with(".weight")) suffix = {};  // stored with a suffix or without
  }
  std::string to(rule.to);
  if (const size_t at = to.find("{}"); at != std::string::npos)
    to.replace(at, 2, std::to_string(numbers->layer));
  return to.append(suffix);
}

/// "blk.10.attn_q.weight" after "blk.9.…".
std::pair<int64_t, std::string_view> order_of(std::string_view name) {
  int64_t layer = -1;
  if (name.starts_with("blk.")) std::from_chars(name.data() + 4, name.data() + name.size(), layer);
  return {layer, name};
}

class Mapping {
 public:
  Mapping(const CheckpointArchitecture& architecture, const std::string& where)
      : architecture_(architecture), where_(where) {}

  Result<void> add(const SafetensorsTensor& tensor) {
    if (is_computed(tensor.name)) return {};
    bool known = false;
    for (const auto rules : {architecture_.own, common_tensors()}) {
      for (const TensorRule& rule : rules) {
        if (auto done = add(rule, tensor); !done)
          return tl::unexpected(done.error());
        else
          known |= *done;
      }
      if (known) return {};
    }
    return bad(tensor.name,
               fmt::format("architecture {} has no such tensor", architecture_.class_name),
               "The checkpoint means something that would be ignored.");
  }

  Result<std::vector<MadeTensor>> planned(const HeadSizes& sizes) {
    std::vector<MadeTensor> tensors;
    tensors.reserve(made_.size());
    for (auto& [name, made] : made_) {
      MadeTensor& tensor = made.tensor;
      tensor.sources.reserve(made.sources.size());
      for (const auto& [expert, source] : made.sources) {
        if (expert >= 0 && expert != std::ssize(tensor.sources)) {
          return bad(source->name,
                     fmt::format("part {} of {} is missing", tensor.sources.size(), name));
        }
        tensor.sources.push_back(source);
      }
      if (auto ok = plan(tensor, sizes, where_); !ok) return tl::unexpected(ok.error());
      tensors.push_back(std::move(tensor));
    }
    std::ranges::sort(tensors, {}, [](const MadeTensor& t) { return order_of(t.name); });
    return tensors;
  }

 private:
  struct Made {
    MadeTensor tensor;
    std::map<int64_t, const SafetensorsTensor*> sources;  // by expert; -1: the only one
  };

  tl::unexpected<Error> bad(std::string_view tensor, std::string what,
                            std::string hint = {}) const {
    return fail(ExitCode::bad_input_file, std::move(what),
                fmt::format("{}, tensor {}", where_, shown_text(tensor)), std::move(hint));
  }

  Result<bool> add(const TensorRule& rule, const SafetensorsTensor& tensor) {
    PatternNumbers numbers;
    std::string name = target(rule, tensor.name, &numbers);
    if (name.empty()) return false;
    if (name == "output.weight" && architecture_.tied_drops_head) return true;
    Made& made = made_[name];
    made.tensor.change = rule.change;
    made.tensor.plus_one = architecture_.norms_plus_one && tensor.name.ends_with("norm.weight");
    made.tensor.name = std::move(name);
    if (!made.sources.emplace(numbers.expert, &tensor).second ||
        made.sources.contains(-1) != (numbers.expert < 0)) {
      return bad(tensor.name, fmt::format("another tensor becomes {} too", made.tensor.name));
    }
    return true;
  }

  const CheckpointArchitecture& architecture_;
  const std::string& where_;
  std::map<std::string, Made> made_;
};

}  // namespace

bool matches(std::string_view pattern, std::string_view name, PatternNumbers* numbers) {
  while (!pattern.empty()) {
    const size_t brace = pattern.find('{');
    const std::string_view plain = pattern.substr(0, brace);
    if (!name.starts_with(plain)) return false;
    name.remove_prefix(plain.size());
    if (brace == std::string_view::npos) break;
    const size_t end = pattern.find('}');
    int32_t number = -1;
    const auto [rest, error] =
        std::from_chars(std::to_address(name.begin()), std::to_address(name.end()), number);
    if (error != std::errc{} || number < 0) return false;
    name.remove_prefix(static_cast<size_t>(rest - std::to_address(name.begin())));
    (end == brace + 1 ? numbers->layer : numbers->expert) = number;
    pattern.remove_prefix(end + 1);
  }
  return name.empty();
}

Result<std::vector<MadeTensor>> map_tensors(std::span<const SafetensorsTensor> tensors,
                                            const CheckpointArchitecture& architecture,
                                            const HeadSizes& sizes, const std::string& where) {
  Mapping mapping(architecture, where);
  for (const SafetensorsTensor& tensor : tensors)
    if (auto ok = mapping.add(tensor); !ok) return tl::unexpected(ok.error());
  return mapping.planned(sizes);
}

}  // namespace crossval
