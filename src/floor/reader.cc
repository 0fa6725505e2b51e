#include "floor/reader.h"

#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "base/read_file.h"

namespace crossval {
namespace {

using Json = nlohmann::ordered_json;

constexpr size_t kMaxBytes = size_t{1} << 20;
constexpr size_t kMostSettings = 64;

// What is wrong with which field; caught where the file is known.
struct BadField : std::runtime_error {
  using std::runtime_error::runtime_error;
};

const Json& member(const Json& object, const std::string& name) {
  const auto found = object.is_object() ? object.find(name) : object.end();
  if (!object.is_object() || found == object.end()) throw BadField(name + " is missing");
  return *found;
}

std::string text(const Json& object, const std::string& name) {
  const Json& value = member(object, name);
  if (!value.is_string()) throw BadField(name + " is no string");
  return value.get<std::string>();
}

double number(const Json& object, const std::string& name) {
  const Json& value = member(object, name);
  if (!value.is_number() || !std::isfinite(value.get<double>()))
    throw BadField(name + " is no number");
  return value.get<double>();
}

int32_t count(const Json& object, const std::string& name,
              int64_t most = std::numeric_limits<int32_t>::max()) {
  const Json& value = member(object, name);
  if (!value.is_number_integer() || value.get<double>() < 0 ||
      value.get<double>() > static_cast<double>(most)) {
    throw BadField(name + " is no number from 0 to " + std::to_string(most));
  }
  return value.get<int32_t>();
}

std::vector<std::string> texts(const Json& object, const std::string& name) {
  const Json& list = member(object, name);
  if (!list.is_array()) throw BadField(name + " is no list");
  std::vector<std::string> all;
  for (const Json& value : list) {
    if (!value.is_string()) throw BadField(name + " holds what is no string");
    all.push_back(value.get<std::string>());
  }
  return all;
}

Spread spread(const Json& object, const std::string& name) {
  const Json& value = member(object, name);
  const Spread spread{number(value, "median"), number(value, "p99"), number(value, "worst")};
  // A cosine may come out a rounding above 1, so a distance may be a rounding below 0.
  if (!(spread.median >= -1e-9 && spread.median <= spread.p99 && spread.p99 <= spread.worst))
    throw BadField(name + " is not in order");
  return spread;
}

FloorSetting setting(const Json& object, int32_t positions) {
  return {.name = text(object, "name"),
          .engine = text(object, "engine"),
          .identical_rows = count(object, "identical_rows", positions),
          .argmax_flips = count(object, "argmax_flips", positions),
          .kl = spread(object, "kl"),
          .centred_nmse = spread(object, "centred_nmse"),
          .cosine_distance = spread(object, "cosine_distance"),
          .max_abs_diff = spread(object, "max_abs_diff"),
          .relative_l2 = spread(object, "relative_l2"),
          .log_ratio = number(object, "log_ratio"),
          .log_ratio_error = number(object, "log_ratio_error")};
}

Floor floor_of(const Json& document) {
  if (count(document, "floor_version") != 1) throw BadField("floor_version is not 1");
  Floor floor;
  floor.model_sha256 = texts(document, "model_sha256");
  floor.model_description = text(document, "model");
  floor.engine = text(document, "engine");
  const Json& marks = member(document, "identity");
  if (!marks.is_object()) throw BadField("identity is no object");
  for (const auto& [name, value] : marks.items()) {
    floor.marks.push_back({name, text(marks, name)});
  }
  floor.text_sha256 = text(document, "text_sha256");
  floor.positions = count(document, "positions");
  if (floor.positions == 0) throw BadField("positions is 0");
  const Json& settings = member(document, "settings");
  if (!settings.is_array() || settings.empty() || settings.size() > kMostSettings)
    throw BadField("settings is no list of 1 to " + std::to_string(kMostSettings));
  for (const Json& one : settings) floor.settings.push_back(setting(one, floor.positions));
  floor.lacking = texts(document, "lacking");
  if (!member(document, "pair").is_null())
    floor.pair = count(document, "pair", static_cast<int64_t>(settings.size()) - 1);
  floor.margin = number(document, "margin");
  if (floor.margin < 0) throw BadField("margin is below 0");
  return floor;
}

}  // namespace

Result<Floor> read_floor(std::string_view text, const std::string& path) {
  const Json document = Json::parse(text, nullptr, false);
  std::string why = "it is no JSON";
  if (!document.is_discarded()) {
    try {
      return floor_of(document);
    } catch (const BadField& bad) {
      why = bad.what();
    }
  }
  return fail(ExitCode::bad_input_file, "not a floor that crossval calibrate wrote: " + why, path,
              "Measure it again: crossval calibrate.");
}

Result<Floor> read_floor_file(const std::string& path) {
  const auto text = read_file(path, kMaxBytes);
  if (!text) return tl::unexpected(text.error());
  return read_floor(*text, path);
}

}  // namespace crossval
