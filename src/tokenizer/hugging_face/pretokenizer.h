// The pre-tokenizer of a tokenizer.json: text to the words that the model sees one by one.
#pragma once

#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "tokenizer/hugging_face/json.h"
#include "tokenizer/hugging_face/splitter.h"

namespace crossval {

/// A word; `at_start`: it begins where the whole text begins.
struct HfWord {
  std::string text;
  bool at_start = false;
};

class HfPreTokenizer {
 public:
  /// `json` may be null: the text is one word. Errors (bad_input_file): an unsupported kind
  /// (named), a part without what it needs.
  static Result<HfPreTokenizer> parse(const nlohmann::json* json, const HfPlace& place);

  /// Replaces `words` by what they are cut into; each is valid UTF-8 and none empty.
  Result<void> apply(std::vector<HfWord>* words) const;

 private:
  // Appends what one word becomes.
  using Step = std::function<Result<void>(const HfWord& word, std::vector<HfWord>* out)>;
  Result<void> add(const nlohmann::json& json, const HfPlace& place);
  Result<void> add_byte_level(const nlohmann::json& json, const HfPlace& place);
  Result<void> add_metaspace(const nlohmann::json& json, const HfPlace& place);
  void add_splitter(HfSplitter splitter);

  std::vector<Step> steps_;
};

}  // namespace crossval
