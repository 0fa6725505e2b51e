// Reading the parts of a Hugging Face tokenizer.json: members with the type that is expected,
// errors that name the place.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"

namespace crossval {

/// Ids in a file are below it.
inline constexpr int64_t kMostHfTokens = int64_t{1} << 24;

/// A place in the file, for messages: "tokenizer.json, normalizer.normalizers[1]".
struct HfPlace {
  std::string path;
  std::string member;

  HfPlace at(std::string_view name) const;
  HfPlace at(size_t index) const;
  std::string text() const { return path + ", " + member; }
};

tl::unexpected<Error> hf_error(const HfPlace& place, std::string what, std::string hint = {});
/// "normalizer 'X' is not supported"
tl::unexpected<Error> hf_unsupported(const HfPlace& place, std::string_view kind,
                                     std::string_view name);

/// nullptr when `json` is no object, has no such member, or the member is null.
const nlohmann::json* hf_find(const nlohmann::json& json, std::string_view name);
Result<std::string> hf_string(const nlohmann::json& json, std::string_view name,
                              const HfPlace& place);
/// The fallback when the member is missing or null.
Result<std::string> hf_string_or(const nlohmann::json& json, std::string_view name,
                                 std::string fallback, const HfPlace& place);
Result<bool> hf_bool_or(const nlohmann::json& json, std::string_view name, bool fallback,
                        const HfPlace& place);
Result<int64_t> hf_int(const nlohmann::json& json, std::string_view name, const HfPlace& place);
/// A token id of 0…2^31 - 1; nothing where it is none.
std::optional<int32_t> hf_token_id(const nlohmann::json& value);
/// The array under `name`; never null on success.
Result<const nlohmann::json*> hf_array(const nlohmann::json& json, std::string_view name,
                                       const HfPlace& place);

}  // namespace crossval
