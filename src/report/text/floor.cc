#include "report/text/floor.h"

#include <fmt/format.h>

#include <cmath>

#include "base/count_text.h"
#include "report/text/numbers.h"
#include "report/text/printable.h"

namespace crossval {
namespace {

std::vector<Cell> cells_of(const FloorSetting& setting) {
  return {{setting.name},
          {distance_text(setting.kl.median)},
          {distance_text(setting.kl.p99)},
          {distance_text(setting.centred_nmse.p99)},
          {distance_text(setting.cosine_distance.worst)},
          {std::to_string(setting.argmax_flips)}};
}

}  // namespace

std::string ratio_text(double log_ratio) {
  const double percent = 100 * std::expm1(log_ratio);
  return fmt::format("{:.1f} % {}", std::abs(percent), percent < 0 ? "smaller" : "larger");
}

std::string pair_name(const Floor& floor) {
  return floor.pair ? floor.settings[static_cast<size_t>(*floor.pair)].name : "";
}

std::string calibration_text(const Floor& floor, const std::string& path,
                             const TextOptions& options) {
  const Layout& layout = options.layout;
  std::string text = layout.labelled("engine", escaped(floor.engine));
  text += layout.labelled("model", escaped(floor.model_description));
  text += layout.labelled("text", counted(floor.positions, "position"));
  Table table({{"beside itself with", false, 46},
               {"KL", true},
               {"p99", true},
               {"NMSE p99", true},
               {"1-cos worst", true},
               {"top-1", true}});
  for (const FloorSetting& setting : floor.settings) {
    if (setting.identical_rows == floor.positions) {
      table.add_line(setting.name + ": bit for bit the same", Tint::dim);
    } else {
      table.add(cells_of(setting));
    }
  }
  text += "\n" + table.text(layout) + "\n";
  if (floor.pair) {
    text += layout.labelled("pair", fmt::format("{}: the farthest; a run is larger than the floor "
                                                "where it is {} than this at the same positions",
                                                pair_name(floor), ratio_text(floor.margin)));
  } else {
    text += layout.labelled("pair", "none: no setting changes a bit");
  }
  for (const std::string& lacking : floor.lacking)
    text +=
        layout.labelled(&lacking == &floor.lacking.front() ? "not varied" : "", escaped(lacking));
  text += layout.labelled("floor", escaped(path));
  return text +
         layout.labelled(
             "next", fmt::format("crossval per-token … --require floor --floor {}", escaped(path)));
}

}  // namespace crossval
