// What a prompt depends on: a model's chat templates and the special tokens of a vocabulary.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "gguf/opened_files.h"

namespace crossval {

struct PromptModelFacts {
  std::string path;                                    // for messages; empty when there is no model
  std::optional<std::string> chat_template;            // Jinja source, the model's default
  std::map<std::string, std::string> named_templates;  // "tool_use" -> Jinja source
  /// Where the special tokens and the wishes below come from, for sentences.
  std::string vocabulary = "the model file";
  std::string bos_text;  // empty: the vocabulary has none
  std::string eos_text;
  /// The file's own wish, or its vocabulary type's default: as an engine that has read the
  /// vocabulary says (EngineSettings).
  bool add_bos = false;
  bool add_eos = false;
  /// The rule that cuts text into words (Tokenizer::pre_tokenizer), and whether the file names it.
  std::string pre_tokenizer;
  bool pre_tokenizer_named = true;
  /// Texts that become one token only when special tokens are parsed (control tokens and
  /// the unknown one).
  std::vector<std::string> control_texts;
  /// Texts that always become one token (user-defined).
  std::vector<std::string> user_defined_texts;
};

/// From a model file's tokenizer.* keys, without add_bos and add_eos. A file without a vocabulary
/// gives no texts. Errors (bad_input_file): keys of the wrong kind, a BOS or EOS id out of range.
Result<PromptModelFacts> read_model_facts(const GgufFile& file);

/// The special tokens of a tokenizer file in place of the model's own. Errors:
/// Tokenizer::from_file.
Result<void> take_tokenizer_file(const std::string& path, PromptModelFacts& facts);

/// Both engines' own, where they tokenise one prompt.
struct PairFacts {
  PromptModelFacts candidate, reference;
  OpenedFiles files{};  // that they were read from, for a further look
};

}  // namespace crossval
