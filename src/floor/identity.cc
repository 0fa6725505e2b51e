#include "floor/identity.h"

#include <fmt/format.h>

#include <algorithm>
#include <span>
#include <type_traits>

#include "base/sha256.h"
#include "engine/info_fields.h"

namespace crossval {
namespace {

std::string text_of(const std::string& value) { return value; }
std::string text_of(const std::vector<std::string>& value) {
  return fmt::format("{}", fmt::join(value, ", "));
}
std::string text_of(double value) { return fmt::format("{}", value); }
std::string text_of(int32_t value) { return fmt::format("{}", value); }
std::string text_of(bool value) { return value ? "true" : "false"; }

constexpr const char* kWhatToDo = "--floor auto measures the floor of this one.";

tl::unexpected<Error> refused(const std::string& what, const std::string& path) {
  return fail(ExitCode::usage, what, path, kWhatToDo);
}

std::string quoted(const std::string& value) {
  return value.empty() ? "nothing" : "\"" + value + "\"";
}

}  // namespace

std::vector<EngineMark> engine_marks(const EngineInfo& info) {
  std::vector<EngineMark> marks;
  for_each_field(kIdentityFields, [&](const auto& field) {
    marks.push_back({field.name, text_of(info.identity.*field.member)});
  });
  for_each_field(kSettingsFields, [&](const auto& field) {
    if (field.gate != GateUse::decides && field.gate != GateUse::warns) return;
    marks.push_back({field.name, text_of(info.settings.*field.member)});
  });
  return marks;
}

Result<void> check_floor(const Floor& floor, const std::string& path, const EngineInfo& engine,
                         const std::vector<std::string>& model_sha256) {
  if (floor.model_sha256 != model_sha256) {
    return refused("the floor is of another model (" + floor.model_description + ")", path);
  }
  const std::vector<EngineMark> marks = engine_marks(engine);
  for (const EngineMark& mark : marks) {
    const auto there = std::ranges::find(floor.marks, mark.name, &EngineMark::name);
    const std::string before = there == floor.marks.end() ? "" : there->value;
    if (before == mark.value) continue;
    return refused(fmt::format("the floor is of another {}: {} is {} there and {} here",
                               mark.name == "name" ? "engine" : "build or setting", mark.name,
                               quoted(before), quoted(mark.value)),
                   path);
  }
  return {};
}

std::string floor_key(const std::vector<EngineMark>& marks,
                      const std::vector<std::string>& model_sha256,
                      const std::string& text_sha256) {
  Sha256 hash;
  const auto add = [&](const std::string& text) {
    hash.add(std::as_bytes(std::span(text)));
    hash.add(std::as_bytes(std::span("\0", 1)));
  };
  for (const EngineMark& mark : marks) {
    add(mark.name);
    add(mark.value);
  }
  for (const std::string& part : model_sha256) add(part);
  add(text_sha256);
  return hash.digest();
}

}  // namespace crossval
