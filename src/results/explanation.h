// What `crossval explain` found: plain data.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"
#include "engine/info.h"
#include "results/inspection.h"
#include "results/warning.h"

namespace crossval {

/// How far one value of one engine is from what its operation makes of the engine's own inputs.
struct LocalError {
  double units = 0;  // largest |value - expected| / bound; infinite where only the value is not
  int32_t position = -1;
  int64_t element = -1;
  double value = 0, expected = 0, bound = 0;  // there
};

/// One operation as one engine computed it.
struct JudgedOperation {
  std::string tensor;  // as the engine's value is called: "Qcur-0 ROPE"
  std::string kind;    // "RoPE", "matrix product", …
  std::string weight;  // the model's tensor; may be empty
  int32_t layer = -1;
  bool asked = true;    // it lies in the layers that were asked for
  bool shown = false;   // the engine handed out the value
  bool judged = false;  // and all that it was computed from
  LocalError error;     // if judged
};

/// Which experts an engine sent a position to.
struct RoutedPosition {
  std::vector<int32_t> experts;  // best first
  /// How far the weakest of them is above the strongest that was left out, by the router's inputs
  /// as the engine had them, in units of the rounding bounds of both: within the limit of 0
  /// rounding decides, below minus the limit the router is wrong. Infinite where nobody was left
  /// out.
  double margin = 0;
};

/// By layer and position.
using Routing = std::map<std::pair<int32_t, int32_t>, RoutedPosition>;

/// What an engine's arithmetic was found to be.
struct FittedArithmetic {
  std::string what;  // "products with Q4_1 weights"
  std::string as;    // "activations in 8-bit codes"
  double units = 0;  // of a typical operation, the median, in this arithmetic …
  double next = 0;   // … and in the next best one; 0 where there is none
  int64_t operations = 0;
};

/// How far an engine's logits are from those of a known arithmetic, over prompts of one size.
struct LogitsDistance {
  std::string mistake, what;  // that was made in the whole model; empty: none
  std::string arithmetic;     // "canonical arithmetic"
  int32_t prompts = 0;        // evaluated
  int32_t tokens = 0;         // of most of them
  double distance = 0;        // median relative L2 of their last rows
  int32_t identical = 0;      // rows that are so bit for bit
};

/// Relative L2 within which two engines of one arithmetic are where no 8-bit code falls otherwise.
inline constexpr double kSameLogits = 1e-4;

/// An engine that shows no tensors.
struct JudgedByLogits {
  /// As the model says: over prompts of one token, and where they are the same, over longer ones.
  std::vector<LogitsDistance> sound;
  std::vector<LogitsDistance> causes;  // mistakes that bring its logits much nearer, nearest first

  bool is_sound() const {
    return sound.size() == 2 && sound[0].distance <= kSameLogits &&
           sound[1].distance <= kSameLogits;
  }
};

struct JudgedEngine {
  EngineInfo info;
  std::optional<FileDifference> model_difference;  // a: its file, b: the model; where they differ
  std::vector<JudgedOperation> operations;         // in graph order
  /// Values that it shows and no operation has, as it calls them.
  std::vector<std::string> without_partner;
  std::vector<FittedArithmetic> arithmetic;
  Routing routing;  // of a mixture of experts, as far as it is known
  int64_t asked = 0, shown = 0, judged = 0, beyond = 0;  // of the operations
  double worst_healthy = 0;                              // units, of those within the limit
  std::optional<size_t> first_beyond;       // index of the first operation beyond the limit
  double distance_to_oracle = 0;            // relative L2 of the logits at the explained position
  std::optional<JudgedByLogits> by_logits;  // in the place of judged operations
};

/// A mistake of the table under which the guilty operation is within its bound.
struct FoundCause {
  std::string mistake;  // name
  std::string what;
  double units = 0;  // left under it; negative where only logits are known
};

/// What canonical arithmetic makes of the logits with the guilty values, or the mistake, in it.
struct CausalProof {
  /// How much of the logits' difference between the engines goes with the guilty engine's values
  /// that are beyond the limit in the layer of the first: the part of it along what they change in
  /// them, 1 when that is all.
  std::optional<double> share;
  /// Relative L2 of the guilty engine's logits from canonical arithmetic's: as they should be, and
  /// under the first of the causes. Without a cause: negative.
  double distance = 0, distance_under_cause = -1;
  bool identical_under_cause = false;
  bool in_all_layers = false;  // where the cause was put, else in the guilty operation's layer
};

/// A position that the engines send to different experts.
struct RoutingFlip {
  int32_t layer = -1, position = -1;
  RoutedPosition candidate, reference;
  /// Relative L2 between the engines' sums of experts there: as they are, and with the reference
  /// sent to the candidate's experts. Of the first flip of a layer; negative: not known.
  double apart = -1, apart_when_forced = -1;
};

/// Why two engines choose other experts.
enum class FlipReason : uint8_t {
  tie,     // rounding in a router decides
  inputs,  // each router follows its own inputs, which were other ones before it
  candidate_router,
  reference_router,
  both_routers,  // chose what their inputs do not say
};

inline FlipReason reason_of(const RoutingFlip& flip, double limit) {
  const bool candidate_wrong = flip.candidate.margin < -limit;
  const bool reference_wrong = flip.reference.margin < -limit;
  if (candidate_wrong && reference_wrong) return FlipReason::both_routers;
  if (candidate_wrong) return FlipReason::candidate_router;
  if (reference_wrong) return FlipReason::reference_router;
  const bool clear = flip.candidate.margin > limit && flip.reference.margin > limit;
  return clear ? FlipReason::inputs : FlipReason::tie;
}

/// The operation that is off on a prompt as short as still shows it.
struct Reproduction {
  std::vector<TokenId> tokens;
  LocalError error;
};

enum class Blame : uint8_t { neither, candidate, reference, both, unknown };

struct Explanation {
  JudgedEngine candidate, reference;
  std::string model;      // the file that is the truth for both
  int32_t positions = 0;  // evaluated; the last one is explained
  std::vector<TokenId> tokens;
  double limit = 4;  // units: beyond it an operation is wrong
  Blame blame = Blame::unknown;
  std::string why_unknown;
  double distance = 0;  // relative L2, candidate beside reference
  bool identical = false;
  /// Relative L2 between the two engines' values at the explained position, by operation as above;
  /// negative where one of them did not show it.
  std::vector<double> accumulated;
  std::vector<FoundCause> causes;  // of the first operation beyond; none: no known mistake does it
  int64_t mistakes_tried = 0;
  std::optional<CausalProof> proof;
  int64_t routed = 0;                        // choices of experts that are known of both engines …
  std::vector<RoutingFlip> routing_flips;    // … and those that differ, by layer and position
  std::optional<Reproduction> reproduction;  // where it was asked for and something is off
  std::vector<Warning> warnings;
};

/// Of a run that cannot tell: an engine shows too little (engine_failed).
inline ExitCode exit_code(const Explanation& explanation) {
  if (explanation.blame == Blame::neither) return ExitCode::ok;
  return explanation.blame == Blame::unknown ? ExitCode::engine_failed : ExitCode::diverged;
}

}  // namespace crossval
