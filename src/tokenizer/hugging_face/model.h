// The model of a tokenizer.json: one word to token ids.
#pragma once

#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "tokenizer/hugging_face/json.h"
#include "tokenizer/vocabulary.h"

namespace crossval {

class HfModel {
 public:
  virtual ~HfModel() = default;
  /// Errors (usage): a word that the model cannot spell.
  virtual Result<void> append(std::string_view word, std::vector<int32_t>* ids) const = 0;
};

struct HfModelFile {
  std::string type;  // BPE, Unigram, WordPiece
  bool byte_fallback = false;
  std::string subword_prefix;  // WordPiece
};

/// Fills `vocabulary` with the model's tokens (all normal), with room for `at_least` tokens. Errors
/// (bad_input_file): an unsupported type (named), ids that repeat or are out of range.
Result<HfModelFile> read_hf_vocabulary(const nlohmann::json& json, const HfPlace& place,
                                       size_t at_least, Vocabulary* vocabulary);
/// `vocabulary` must outlive the model. Errors (bad_input_file): an unsupported setting (named),
/// merges of tokens that are missing.
Result<std::unique_ptr<HfModel>> make_hf_model(const nlohmann::json& json, const HfPlace& place,
                                               const HfModelFile& file,
                                               const Vocabulary& vocabulary);

}  // namespace crossval
