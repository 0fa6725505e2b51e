// A model file's tokenizer alone, behind the Engine interface: of any model file, whether its
// architecture is supported or not.
#pragma once

#include <memory>
#include <string>

#include "base/error.h"
#include "engine/engine.h"
#include "gguf/file.h"

namespace crossval {

/// Reads no weights: evaluate and trace are refused (usage). `tokenizer_path` as in NativeOptions.
/// Errors (bad_input_file): the tokenizer file cannot be read.
Result<std::unique_ptr<Engine>> make_local_vocabulary(const GgufFile& model,
                                                      const std::string& tokenizer_path);

}  // namespace crossval
