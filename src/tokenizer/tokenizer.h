// Text to token ids and back, from the vocabulary inside a model file or a tokenizer file.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "gguf/file.h"

namespace crossval {

/// Bits of tokenizer.ggml.token_type, as upstream names them.
enum class TokenKind : uint8_t {
  undefined = 0,
  normal = 1,
  unknown = 2,
  control = 3,
  user_defined = 4,
  unused = 5,
  byte = 6,
};

/// What some files say in a key *_token_id for "none".
inline constexpr uint32_t kNoTokenInFile = 0xFFFFFFFF;

/// A vocabulary with the algorithm it belongs to. Immutable after construction; const methods may
/// be called from several threads.
class Tokenizer {
 public:
  /// From a GGUF's tokenizer.ggml.* keys. `file` may be closed afterwards. Errors (bad_input_file):
  /// missing or inconsistent keys, an unsupported tokenizer model or pre-tokenizer (named).
  static Result<std::unique_ptr<Tokenizer>> from_gguf(const GgufFile& file);

  /// From a file of its own, the kind known by its content: a GGUF, a SentencePiece
  /// tokenizer.model or a Hugging Face tokenizer.json. Errors (bad_input_file): unreadable, another
  /// kind, inconsistent, or with a part that is not supported (named).
  static Result<std::unique_ptr<Tokenizer>> from_file(const std::string& path);

  virtual ~Tokenizer() = default;

  /// `text` is any bytes. add_special: add BOS/EOS as the vocabulary says; parse_special: text of
  /// control tokens becomes their id (user-defined ones always do).
  virtual Result<std::vector<int32_t>> encode(std::string_view text, bool add_special,
                                              bool parse_special) const = 0;

  /// The bytes of one token; control tokens give their text when `special`, else nothing. id must
  /// be in [0, size()).
  virtual std::string piece(int32_t id, bool special) const = 0;

  virtual int32_t size() const = 0;
  virtual TokenKind kind(int32_t id) const = 0;
  virtual int32_t bos() const = 0;  // -1: none
  virtual int32_t eos() const = 0;
  virtual bool add_bos() const = 0;
  virtual bool add_eos() const = 0;
  virtual bool is_end_of_generation(int32_t id) const = 0;
  virtual std::string_view algorithm() const = 0;  // "byte-level BPE, pre-tokenizer smollm"
  /// The rule that cuts text into words before anything else: its name in tokenizer.ggml.pre, or
  /// "tokenizer.json"; empty where there is none.
  virtual std::string_view pre_tokenizer() const = 0;
};

}  // namespace crossval
