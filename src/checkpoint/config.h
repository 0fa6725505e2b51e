// A JSON file of a checkpoint: config.json, tokenizer_config.json and their like. Members are asked
// for by name, the first error is remembered, and so is what nobody asked for.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace crossval {

bool is_there(const std::string& path);

class JsonFile {
 public:
  /// `path` is for messages. Errors (bad_input_file): no JSON object.
  static Result<JsonFile> parse(std::string_view text, const std::string& path);
  /// Errors (bad_input_file): also not there, larger than `max_bytes`.
  static Result<JsonFile> read(const std::string& path, size_t max_bytes);
  /// An empty object where there is no such file.
  static Result<JsonFile> read_if_there(const std::string& path, size_t max_bytes);

  const std::string& path() const { return path_; }

  /// nullptr when the member is missing or null.
  const nlohmann::json* find(std::string_view member) const;

  // The first of some members that the file has, of the kind asked for; another kind is an error.
  using Names = std::span<const std::string_view>;
  std::optional<int64_t> integer(Names members) const;  // 0…2^31 - 1
  std::optional<double> number(Names members) const;
  std::optional<bool> flag(Names members) const;
  std::string text(std::string_view member) const;  // empty: none
  std::optional<int64_t> integer(std::string_view m) const { return integer(Names(&m, 1)); }
  std::optional<double> number(std::string_view m) const { return number(Names(&m, 1)); }
  std::optional<bool> flag(std::string_view m) const { return flag(Names(&m, 1)); }

  /// Records an error about a member.
  void refuse(std::string what, std::string_view member, std::string hint = {}) const;
  const std::optional<Error>& error() const { return error_; }

  /// Members of the file that were not asked for.
  std::vector<std::string> unread() const;

 private:
  JsonFile(std::string path, std::shared_ptr<const nlohmann::json> root)
      : path_(std::move(path)), root_(std::move(root)) {}

  std::string path_;
  std::shared_ptr<const nlohmann::json> root_;
  mutable std::set<std::string, std::less<>> asked_;
  mutable std::optional<Error> error_;
};

}  // namespace crossval
