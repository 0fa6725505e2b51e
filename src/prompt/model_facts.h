// What a prompt depends on in a model file: its chat templates and its special tokens.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "gguf/file.h"

namespace crossval {

struct PromptModelFacts {
  std::string path;                                    // for messages; empty when there is no model
  std::optional<std::string> chat_template;            // Jinja source, the model's default
  std::map<std::string, std::string> named_templates;  // "tool_use" -> Jinja source
  std::string bos_text;                                // empty: the vocabulary has none
  std::string eos_text;
  /// The model file's own wish, or its vocabulary type's default: as an engine that has read the
  /// vocabulary says (EngineSettings).
  bool add_bos = false;
  bool add_eos = false;
  /// Texts that become one token only when special tokens are parsed (control tokens).
  std::vector<std::string> control_texts;
  /// Texts that always become one token (user-defined).
  std::vector<std::string> user_defined_texts;
};

/// From a model file's tokenizer.* keys, without add_bos and add_eos. A file without a vocabulary
/// gives no texts. Errors (bad_input_file): keys of the wrong kind, a BOS or EOS id out of range.
Result<PromptModelFacts> read_model_facts(const GgufFile& file);

}  // namespace crossval
