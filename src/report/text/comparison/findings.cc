// Settings and the first differing tensor.
#include <fmt/format.h>

#include <algorithm>

#include "base/count_text.h"
#include "report/text/comparison/parts.h"
#include "report/text/numbers.h"
#include "report/text/printable.h"
#include "report/words.h"

namespace crossval {
namespace {

constexpr size_t kShownNames = 4;

Tint tint_of(SettingWeight weight) {
  switch (weight) {
    case SettingWeight::refused:
      return Tint::bad;
    case SettingWeight::warned:
      return Tint::warn;
    default:
      return Tint::none;
  }
}

std::string names_text(const std::vector<std::string>& names) {
  std::string text;
  for (size_t i = 0; i < std::min(names.size(), kShownNames); ++i) {
    text += (i == 0 ? "" : ", ") + escaped(names[i]);
  }
  return text + (names.size() > kShownNames ? ", …" : "");
}

// What both engines report; the differences follow with what they do.
std::string settings_table(const Comparison& comparison, const Layout& layout) {
  constexpr int kValueWidth = 26;
  Table table({{"setting"}, {"candidate", false, kValueWidth}, {"reference", false, kValueWidth}});
  for (const EqualSetting& setting : comparison.equal_settings)
    table.add({{setting.name}, {escaped(setting.value)}, {"the same", Tint::dim}});
  for (const SettingDifference& setting : comparison.settings) {
    table.add({{setting.name},
               {escaped(setting.candidate)},
               {escaped(setting.reference), tint_of(setting.weight)}});
  }
  return table.text(layout) + "\n";
}

std::string input_text(const TensorInput& input) {
  return escaped(input.tensor) + (input.equal      ? " (equal)"
                                  : input.compared ? " (differs too)"
                                                   : " (not compared)");
}

// What the tensor was computed from; where neither engine tells, only what came before it.
std::string sources_text(const FirstDifference& first, const Layout& layout) {
  if (first.inputs.empty() && first.weight.empty()) {
    return layout.labelled("", first.last_equal.empty()
                                   ? "no tensor before it was compared"
                                   : "last equal in order: " + escaped(first.last_equal));
  }
  std::string text;
  std::string inputs;
  for (const TensorInput& input : first.inputs)
    inputs += (inputs.empty() ? "" : ", ") + input_text(input);
  if (!inputs.empty()) text += layout.labelled("", "fed by " + inputs);
  if (first.weight.empty()) return text;
  const char* same = !first.same_weight   ? ""
                     : *first.same_weight ? ": the same bytes in both model files"
                                          : ": differs between the two model files";
  return text + layout.labelled("", "weight " + escaped(first.weight) + same);
}

}  // namespace

std::string settings_text(const Comparison& comparison, const TextOptions& options) {
  std::string text;
  if (options.verbose) text += settings_table(comparison, options.layout);
  for (const SettingDifference& setting : comparison.settings) {
    const bool loud =
        setting.weight == SettingWeight::refused || setting.weight == SettingWeight::warned;
    if (!loud && !options.verbose) continue;
    const std::string heading = fmt::format("{}: {} beside {}", setting.name,
                                            escaped(setting.candidate), escaped(setting.reference));
    text += options.layout.labelled(weight_word(setting.weight), heading, tint_of(setting.weight));
    text += options.layout.labelled("", setting.effect, Tint::dim);
  }
  return text;
}

std::string trace_text(const Comparison& comparison, const TextOptions& options) {
  if (!comparison.trace) return {};
  const TraceComparison& trace = *comparison.trace;
  const Layout& layout = options.layout;
  std::string text;
  if (!trace.differs) {
    text += layout.labelled("tensors", counted(trace.tensors_compared, "intermediate tensor") +
                                           " compared, all bit for bit the same" +
                                           (comparison.origins.empty() ? "" : " or NaN in both"));
  } else {
    const FirstDifference& first = trace.first;
    const std::string layer = first.layer < 0 ? "" : fmt::format(", layer {}", first.layer);
    text += layout.labelled("first diff", fmt::format("{} ({}){}", first.tensor, first.op, layer),
                            Tint::bad);
    if (first.element < 0) {
      text +=
          layout.labelled("", fmt::format("position {}; hashes tell no values", first.position));
      return text + sources_text(first, layout);
    }
    text += layout.labelled("", fmt::format("position {}, element {} of {}", first.position,
                                            first.element, first.width));
    // Values stand under each other: blanks are kept.
    const std::string indent(kLabelWidth, ' ');
    text += indent + "candidate  " + float_text(first.candidate) + "\n";
    text += indent + "reference  " + float_text(first.reference) + "\n";
    text += layout.labelled(
        "", fmt::format("{} of {} of this tensor differ, by at most {}", grouped(first.differing),
                        counted(first.compared, "value"), distance_text(first.max_abs_diff)));
    text += sources_text(first, layout);
  }
  if (!options.verbose) return text;
  const auto unpaired = [&](const char* side, const std::vector<std::string>& names) {
    if (names.empty()) return;
    text +=
        layout.labelled("",
                        fmt::format("{} only in the {}: {}", counted(std::ssize(names), "tensor"),
                                    side, names_text(names)),
                        Tint::dim);
  };
  unpaired("candidate", trace.only_candidate);
  unpaired("reference", trace.only_reference);
  return text;
}

}  // namespace crossval
