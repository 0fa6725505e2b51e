// JSON of which each member knows its line, for errors that a person can act on.
#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "base/error.h"

namespace crossval {

/// A document and where its members are.
class LocatedJson {
 public:
  /// Errors (bad_input_file): no JSON, with the line; a key that is there twice in one object.
  static Result<LocatedJson> parse(std::string_view text, std::string path);

  const nlohmann::ordered_json& root() const { return root_; }

  /// "suite.json, line 3, key pairs[0].candidate"; `pointer` is a JSON pointer
  /// ("/pairs/0/candidate"), of the root "".
  std::string where(const std::string& pointer) const;

 private:
  std::string path_;
  nlohmann::ordered_json root_;
  std::map<std::string, int> lines_;  // by pointer
};

}  // namespace crossval
