// What every engine, ours or foreign, looks like to the rest of the program.
//
// An engine answers two questions about token ids at explicit positions: which logits follow, and
// which tensors lie on the way to them. What is asked is checked here, once for all engines. The
// session compares two of them without knowing what they are; only launch names concrete engines.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"
#include "engine/info.h"
#include "engine/row.h"
#include "protocol/answers.h"
#include "protocol/request.h"

namespace crossval {

/// Whether BOS/EOS are added and whether special-token text ("<|im_end|>") becomes its token.
struct TokenizeOptions {
  bool add_special = true;  // as the model file says (add_bos / add_eos)
  bool parse_special = true;
};

/// One row, valid during the call only. Return false to cancel the evaluation.
using RowSink = std::function<bool(int32_t position, const Row& row)>;

/// Return false to cancel.
using TensorSink = std::function<bool(const TraceTensor&)>;

/// An engine with one model loaded and one sequence. Not thread-safe: one caller at a time, but two
/// engines may run on two threads.
class Engine {
 public:
  virtual ~Engine() = default;

  virtual const EngineInfo& info() const = 0;

  /// Ids of `text` (any bytes; engines that cannot take invalid UTF-8 return an error).
  virtual Result<std::vector<TokenId>> tokenize(std::string_view text,
                                                const TokenizeOptions& options) = 0;

  /// The bytes each id stands for, special tokens shown as their text. Ids must be in the
  /// vocabulary.
  virtual Result<std::vector<std::string>> pieces(std::span<const TokenId> ids) = 0;

  /// True when the model stops at this id (EOS, EOT, …).
  virtual Result<bool> is_end_of_generation(TokenId id) = 0;

  /// Calls `sink` once per row that was asked for, in order of position, each of the content that
  /// rows_of says: n_vocab logits of most engines.
  ///
  /// Errors of the request, before anything is computed: usage (an id outside the vocabulary, more
  /// positions than the context holds, what the engine has no capability for); internal (no ids, a
  /// `first` that is neither 0 nor the number of positions evaluated). Errors of the engine: its
  /// own. After an error or a stop the next request has to begin at 0.
  Result<Outcome> evaluate(const EvaluateRequest& request, const RowSink& sink);

  /// Hands out the selected tensors in graph order, all positions of a chunk at a time, and at the
  /// end the state. Observing changes no bit. Errors: as evaluate; engine_failed (a tensor whose
  /// sizes do not fit together, or of other positions than those asked about).
  Result<Outcome> trace(const TraceRequest& request, const TensorSink& sink);

 private:
  /// The request is possible. Rows that were not asked for may be handed out: they are dropped.
  virtual Result<Outcome> compute_rows(const EvaluateRequest& request, const RowSink& sink) = 0;
  /// Likewise with tensors and positions that are not selected.
  virtual Result<Outcome> compute_tensors(const TraceRequest& request, const TensorSink& sink) = 0;

  Result<void> check(std::span<const TokenId> ids, int32_t first, const std::string& where) const;

  int32_t evaluated_ = 0;  // positions that the next request may go on from
};

}  // namespace crossval
