// What a recording says of itself before the conversation begins: the JSON of its first frame.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "prompt/prompt.h"
#include "results/model_files.h"

namespace crossval {

inline constexpr int kRecordingFormat = 1;

struct RecordingFacts {
  std::string client{};    // who wrote it: "crossval 0.1.0"
  int32_t top_tokens = 0;  // how many tokens a row has, where rows are lists; else 0
  std::string tensors{};   // which tensors were asked for, in words; empty: none
  /// Settings (gate/settings.h) in which the engine was to differ from others on purpose.
  std::vector<std::string> asked_differences{};
  std::vector<ModelPart> model{};  // the model's files, each with its SHA-256
  Prompt prompt{};                 // what the engine was given
};

/// What is no UTF-8 becomes U+FFFD, but for the prompt's text, whose bytes are kept.
std::string recording_facts_json(const RecordingFacts& facts);

/// Errors (bad_input_file, what only): no JSON object, a value of another type, another format.
Result<RecordingFacts> parse_recording_facts(std::string_view json);

}  // namespace crossval
