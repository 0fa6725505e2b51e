// Unhealthy logits, and where NaN or infinity came into each engine's computation.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "base/count_text.h"
#include "report/text/comparison/parts.h"
#include "report/text/numbers.h"
#include "report/text/printable.h"
#include "report/words.h"

namespace crossval {
namespace {

constexpr double kLargestBinary16 = 65504;

// The findings of one name on one side.
struct FindingGroup {
  HealthFinding first;
  long count = 0;
};

std::vector<FindingGroup> grouped_findings(const std::vector<HealthFinding>& findings) {
  std::vector<FindingGroup> groups;
  for (const HealthFinding& finding : findings) {
    const auto same = std::ranges::find_if(groups, [&](const FindingGroup& group) {
      return group.first.name == finding.name && group.first.side == finding.side;
    });
    if (same == groups.end()) {
      groups.push_back({finding, 1});
    } else {
      ++same->count;
    }
  }
  return groups;
}

bool alike(const FindingGroup& a, const FindingGroup& b) {
  return a.first.name == b.first.name && a.first.position == b.first.position &&
         a.first.detail == b.first.detail && a.count == b.count;
}

std::string group_text(const FindingGroup& group, const std::string& who) {
  const HealthFinding& first = group.first;
  std::string where;
  if (first.position >= 0) {
    where = group.count == 1 ? fmt::format(", position {}", first.position)
                             : fmt::format(", {}, the first {}", counted(group.count, "position"),
                                           first.position);
  }
  return fmt::format("{} in {}{}: {}", first.name, who, where, first.detail);
}

std::string value_word(float value) {
  if (std::isnan(value)) return "NaN";
  return value > 0 ? "Infinity" : "-Infinity";
}

std::string input_text(const NonFiniteInput& input) {
  const std::string name = escaped(input.tensor);
  if (!input.traced) return name + " (not shown)";
  if (!input.finite) return name + " (not finite)";
  std::string text = fmt::format("{} (finite, at most {}", name, distance_text(input.largest));
  if (input.largest > kLargestBinary16) text += ", more than binary16 holds";
  return text + ")";
}

std::string weight_text(const NonFiniteWeight& weight) {
  std::string place = escaped(weight.tensor);
  if (weight.expert >= 0) place += fmt::format(", expert {}", weight.expert);
  place += fmt::format(", row {}", weight.row);
  if (weight.block >= 0) place += fmt::format(", block {}", weight.block);
  return fmt::format("{}: the file holds {} from value {} on", place, value_word(weight.value),
                     weight.column);
}

bool same_bad_weight(const NonFiniteOrigin& a, const NonFiniteOrigin& b) {
  if (a.bad_weight.has_value() != b.bad_weight.has_value()) return false;
  return !a.bad_weight || weight_text(*a.bad_weight) == weight_text(*b.bad_weight);
}

bool alike(const NonFiniteOrigin& a, const NonFiniteOrigin& b) {
  return a.found && b.found && a.tensor == b.tensor && a.op == b.op && a.element == b.element &&
         value_word(a.value) == value_word(b.value) && same_bad_weight(a, b);
}

std::string origin_text(const NonFiniteOrigin& origin, const std::string& who,
                        const Layout& layout) {
  if (!origin.found) {
    return layout.labelled("origin", fmt::format("{}: every tensor that it shows is finite at "
                                                 "position {}",
                                                 who, origin.position));
  }
  const std::string layer = origin.layer < 0 ? "" : fmt::format(", layer {}", origin.layer);
  std::string text = layout.labelled(
      "origin", fmt::format("{}: {} ({}){} is the first tensor that is not finite at position {}: "
                            "value {} of {} is {}",
                            who, escaped(origin.tensor), escaped(origin.op), layer, origin.position,
                            origin.element, grouped(origin.width), value_word(origin.value)));
  std::string from;
  for (const NonFiniteInput& input : origin.inputs)
    from += (from.empty() ? "" : ", ") + input_text(input);
  if (!from.empty()) text += layout.labelled("", "fed by " + from);
  if (from.empty() && origin.weight.empty() && !origin.before.empty()) {
    text += layout.labelled(
        "", "the tensor before it in order, " + escaped(origin.before) + ", is finite");
  }
  if (origin.bad_weight) {
    text += layout.labelled("", "weight " + weight_text(*origin.bad_weight), Tint::bad);
  } else if (!origin.weight.empty()) {
    text += layout.labelled(
        "", "weight " + escaped(origin.weight) +
                (origin.weight_read ? ": what this value is made of is finite in the file" : ""));
  }
  return text;
}

}  // namespace

std::string health_text(const Comparison& comparison, const TextOptions& options) {
  std::string text;
  std::vector<FindingGroup> groups = grouped_findings(comparison.health);
  for (size_t i = 0; i < groups.size(); ++i) {
    const auto twin =
        std::find_if(groups.begin() + static_cast<long>(i) + 1, groups.end(),
                     [&](const FindingGroup& other) { return alike(groups[i], other); });
    const bool both = twin != groups.end();
    const std::string who =
        both ? "both engines" : fmt::format("the {}", side_word(groups[i].first.side));
    text +=
        options.layout.labelled(i == 0 ? "unhealthy" : "", group_text(groups[i], who), Tint::bad);
    if (both) groups.erase(twin);
  }
  const auto& origins = comparison.origins;
  if (origins.size() == 2 && alike(origins[0], origins[1])) {
    return text + origin_text(origins[0], "both engines", options.layout);
  }
  for (const NonFiniteOrigin& origin : origins)
    text += origin_text(origin, side_word(origin.side), options.layout);
  return text;
}

}  // namespace crossval
