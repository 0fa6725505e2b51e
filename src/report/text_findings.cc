// Settings, health and the first differing tensor.
#include <fmt/format.h>

#include <algorithm>

#include "base/count_text.h"
#include "report/bytes_text.h"
#include "report/number_text.h"
#include "report/text_parts.h"
#include "report/verdict_words.h"

namespace crossval {
namespace {

constexpr size_t kShownFindings = 8;
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

std::string health_text(const Comparison& comparison, const TextOptions& options) {
  std::string text;
  const auto& findings = comparison.health;
  for (size_t i = 0; i < std::min(findings.size(), kShownFindings); ++i) {
    const HealthFinding& finding = findings[i];
    const std::string where =
        finding.position < 0 ? "" : fmt::format(", position {}", finding.position);
    text += options.layout.labelled(i == 0 ? "unhealthy" : "",
                                    fmt::format("{} in the {}{}: {}", finding.name,
                                                side_word(finding.side), where, finding.detail),
                                    Tint::bad);
  }
  if (findings.size() > kShownFindings) {
    text += options.layout.labelled(
        "", fmt::format("and {} more", findings.size() - kShownFindings), Tint::dim);
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
                                           " compared, all bit for bit the same");
  } else {
    const FirstDifference& first = trace.first;
    const std::string layer = first.layer < 0 ? "" : fmt::format(", layer {}", first.layer);
    text += layout.labelled("first diff", fmt::format("{} ({}){}", first.tensor, first.op, layer),
                            Tint::bad);
    text += layout.labelled("", fmt::format("position {}, element {} of {}", first.position,
                                            first.element, first.width));
    // Values stand under each other: blanks are kept.
    const std::string indent(kLabelWidth, ' ');
    text += indent + "candidate  " + float_text(first.candidate) + "\n";
    text += indent + "reference  " + float_text(first.reference) + "\n";
    text += layout.labelled(
        "", fmt::format("{} of {} of this tensor differ, by at most {}", grouped(first.differing),
                        counted(first.compared, "value"), distance_text(first.max_abs_diff)));
    text +=
        layout.labelled("", first.last_equal.empty() ? "no tensor before it was compared"
                                                     : "last equal tensor: " + first.last_equal);
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
