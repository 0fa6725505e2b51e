#include "report/text/floor.h"

#include <fmt/format.h>

#include <cmath>

#include "base/count_text.h"
#include "report/text/comparison/parts.h"
#include "report/text/numbers.h"
#include "report/text/printable.h"

namespace crossval {
namespace {

std::string limits_text(const FloorComparison& floor) {
  return fmt::format("{} beside itself, {}; a position may have KL {} and NMSE {}",
                     escaped(floor.floor.engine), counted(floor.floor.positions, "position"),
                     distance_text(floor.kl_limit), distance_text(floor.nmse_limit));
}

std::string paired_text(const FloorComparison& floor) {
  const PairedTest& paired = *floor.paired;
  const std::string positions = counted(paired.positions, "position");
  std::string text;
  switch (paired.word) {
    case PairedWord::larger:
      text = fmt::format("larger than the floor, known after {}", positions);
      break;
    case PairedWord::as_floor:
      text = fmt::format("as the floor, known after {}", positions);
      break;
    case PairedWord::not_enough:
      text = fmt::format("{} are not enough to tell", positions);
      break;
  }
  return text + fmt::format(
                    ": {} than the healthy pair ({}) at the same positions, where {} is "
                    "allowed",
                    ratio_text(paired.log_ratio), pair_name(floor.floor),
                    ratio_text(paired.margin));
}

}  // namespace

std::string floor_text(const Comparison& comparison, const TextOptions& options) {
  if (!comparison.floor || comparison.positions.empty()) return {};
  const FloorComparison& floor = *comparison.floor;
  const Layout& layout = options.layout;
  std::string text = layout.labelled("floor", limits_text(floor));
  if (floor.above > 0)
    text += layout.labelled(
        "", fmt::format("{} farther than it has ever been", counted(floor.above, "position")));
  if (comparison.argmax_flips > 0) {
    text += layout.labelled("flips", flips_text(floor.tie_flips, floor.decisive_flips));
  }
  if (floor.paired) text += layout.labelled("paired", paired_text(floor));
  if (options.verbose && floor.paired)
    text += layout.labelled("", fmt::format("the pair took {:.1f} s", floor.seconds));
  return text;
}

}  // namespace crossval
