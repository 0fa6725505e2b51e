// `match`: which tensors of two engines are the same value.
#pragma once

#include <functional>
#include <span>
#include <stop_token>
#include <string>

#include "base/error.h"
#include "results/tensor_matching.h"
#include "session/engine_pair.h"

namespace crossval {

/// How many of the first positions the tensors are compared at.
inline constexpr int32_t kMatchedPositions = 16;

/// Traces up to kMatchedPositions of `ids` with both engines and pairs their tensors: first those
/// of one name (those of whose label `by_file` is true: a file gave it), then, of what is left,
/// those of one width whose values are within kNearEnough of each other, each the other's nearest
/// and no third, different one nearly as near; then likewise by
/// their values in order of size, which have to be nearly the same. Fills in
/// matches, lone tensors, engines and tokens. Errors: an engine's, with its side; usage (an engine
/// that shows hashes, or no tensor); interrupted.
Result<TensorMatching> match_tensors(const EnginePair& engines, std::span<const TokenId> ids,
                                     const std::function<bool(const std::string&)>& by_file,
                                     const std::stop_token& stop);

}  // namespace crossval
