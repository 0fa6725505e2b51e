// The one error type of the project, and the exit codes that users see.
//
// An Error says what happened, where (file, byte offset, key, tensor, position, engine) and what to
// do about it. Divergence between engines is a verdict, not an error.
#pragma once

#include <string>
#include <tl/expected.hpp>
#include <utility>

namespace crossval {

/// Process exit status; the same in text and JSON mode (docs/exit-codes.md).
enum class ExitCode : int {
  ok = 0,               // identical, match, drift
  diverged = 1,         // some position fails what was required
  tokens_differ = 2,    // the engines' token ids are not the same
  unhealthy = 3,        // NaN, Inf, all zero, constant, wrong count or width
  engine_failed = 4,    // an engine is unavailable, failed or timed out
  bad_input_file = 5,   // model, tokenizer or recording unreadable or unsupported
  settings_differ = 6,  // the engines run with settings that change the numbers, unasked
  usage = 64,           // bad option, empty prompt, id out of range, prompt longer than the context
  internal = 70,        // our own bug
  cannot_write = 74,    // full disk, closed stdout
  again = 75,           // a suite that was ended in time: run it again to go on
  interrupted = 130,
};

struct Error {
  ExitCode code = ExitCode::internal;
  std::string what;   // one sentence, no trailing full stop
  std::string where;  // "model.gguf, offset 24, key general.alignment"; may be empty
  std::string hint;   // what to do; may be empty

  /// "what (where)\n  hint", for people.
  std::string message() const;
};

/// A value or an Error; nothing throws across a layer's border.
template <class T>
using Result = tl::expected<T, Error>;

inline tl::unexpected<Error> fail(ExitCode code, std::string what, std::string where = {},
                                  std::string hint = {}) {
  return tl::unexpected<Error>(Error{code, std::move(what), std::move(where), std::move(hint)});
}

}  // namespace crossval
