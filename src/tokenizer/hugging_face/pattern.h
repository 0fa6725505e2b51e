// {"String": …} or {"Regex": …}, as tokenizer.json writes what is to be found.
#pragma once

#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

#include "tokenizer/hugging_face/json.h"
#include "tokenizer/text/regex.h"

namespace crossval {

class HfPattern {
 public:
  /// The member "pattern" of `holder`. Errors (bad_input_file): neither of the two, an expression
  /// that cannot be used.
  static Result<HfPattern> parse(const nlohmann::json& holder, const HfPlace& place);
  /// One of Oniguruma's expressions.
  static Result<HfPattern> expression(std::string_view pattern, const HfPlace& place);

  const std::shared_ptr<Regex>& regex() const { return regex_; }
  /// The text to be found when the pattern is a string, else empty.
  const std::string& literal() const { return literal_; }

  /// `text`, valid UTF-8, with every match replaced.
  Result<std::string> replaced(std::string_view text, std::string_view content) const;

 private:
  std::shared_ptr<Regex> regex_;
  std::string literal_;
};

}  // namespace crossval
