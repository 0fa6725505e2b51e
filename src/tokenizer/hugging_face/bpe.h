// Byte-pair encoding as tokenizer.json means it: words of characters, merges between token ids.
#pragma once

#include "tokenizer/hugging_face/model.h"
#include "tokenizer/segmenter.h"

namespace crossval {

/// Errors (bad_input_file): see make_hf_model().
Result<std::unique_ptr<HfModel>> make_hf_bpe(const nlohmann::json& json, const HfPlace& place,
                                             bool byte_fallback, const Vocabulary& vocabulary);

/// The token of this text that the model itself has, or kNoToken.
int32_t hf_model_token(const Vocabulary& vocabulary, std::string_view text);
/// Appends <0xHH> for each byte; false, and nothing appended, when one of them is missing.
bool append_byte_tokens(const Vocabulary& vocabulary, std::string_view text,
                        std::vector<int32_t>* ids);

}  // namespace crossval
