#include "checkpoint/config.h"

#include <fmt/format.h>

#include <filesystem>
#include <limits>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/read_file.h"

namespace crossval {

using nlohmann::json;

bool is_there(const std::string& path) {
  std::error_code unseen;  // in a folder that is closed to us: not there
  return std::filesystem::exists(path, unseen);
}

Result<JsonFile> JsonFile::parse(std::string_view text, const std::string& path) {
  json root = json::parse(text, nullptr, false);
  if (!root.is_object()) {
    return fail(ExitCode::bad_input_file, "no JSON object", path,
                "Is the file whole, and that of the checkpoint?");
  }
  return JsonFile(path, std::make_shared<const json>(std::move(root)));
}

Result<JsonFile> JsonFile::read(const std::string& path, size_t max_bytes) {
  const auto text = read_file(path, max_bytes);
  if (!text) return tl::unexpected(text.error());
  return parse(*text, path);
}

Result<JsonFile> JsonFile::read_if_there(const std::string& path, size_t max_bytes) {
  if (is_there(path)) return read(path, max_bytes);
  return JsonFile(path, std::make_shared<const json>(json::object()));
}

const json* JsonFile::find(std::string_view member) const {
  asked_.emplace(member);
  const auto at = root_->find(member);
  return at == root_->end() || at->is_null() ? nullptr : &*at;
}

std::optional<int64_t> JsonFile::integer(Names members) const {
  for (const std::string_view member : members) {
    const json* value = find(member);
    if (value == nullptr) continue;
    constexpr uint64_t kMost = std::numeric_limits<int32_t>::max();
    if (value->is_number_unsigned() && value->get<uint64_t>() <= kMost)
      return value->get<int64_t>();
    refuse(fmt::format("{} where a whole number from 0 to {} belongs", value->dump(), kMost),
           member);
    return std::nullopt;
  }
  return std::nullopt;
}

std::optional<double> JsonFile::number(Names members) const {
  for (const std::string_view member : members) {
    const json* value = find(member);
    if (value == nullptr) continue;
    if (value->is_number()) return value->get<double>();
    refuse(fmt::format("{} where a number belongs", value->dump()), member);
    return std::nullopt;
  }
  return std::nullopt;
}

std::optional<bool> JsonFile::flag(Names members) const {
  for (const std::string_view member : members) {
    const json* value = find(member);
    if (value == nullptr) continue;
    if (value->is_boolean()) return value->get<bool>();
    refuse(fmt::format("{} where true or false belongs", value->dump()), member);
    return std::nullopt;
  }
  return std::nullopt;
}

std::string JsonFile::text(std::string_view member) const {
  const json* value = find(member);
  if (value == nullptr) return {};
  if (value->is_string()) return value->get<std::string>();
  refuse(fmt::format("{} where text belongs", value->dump()), member);
  return {};
}

void JsonFile::refuse(std::string what, std::string_view member, std::string hint) const {
  if (error_) return;
  error_ = Error{ExitCode::bad_input_file, std::move(what), fmt::format("{}, {}", path_, member),
                 std::move(hint)};
}

std::vector<std::string> JsonFile::unread() const {
  std::vector<std::string> names;
  for (const auto& [name, value] : root_->items())
    if (!asked_.contains(name)) names.push_back(name);
  return names;
}

}  // namespace crossval
