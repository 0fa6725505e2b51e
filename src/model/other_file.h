// GGUF files that are no language model: adapters, importance matrices, projectors of other
// modalities, control vectors, image models.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/error.h"
#include "gguf/file.h"

namespace crossval {

struct OtherFile {
  enum class Kind : uint8_t { adapter, imatrix, projector, control_vector, image_model, unknown };

  Kind kind = Kind::unknown;
  std::string what;  // "a LoRA adapter for llama"
  std::string hint;  // where it belongs, a sentence
};

/// What the file says it is (general.type, general.architecture); nothing for a language model,
/// whether we support it or not.
std::optional<OtherFile> other_file(const GgufFile& file);

/// Errors (bad_input_file): the file is one of those; the message says which.
Result<void> refuse_other_file(const GgufFile& file);

}  // namespace crossval
