// Rows of an evaluation, kept to be compared with those of another one, whatever they tell.
#pragma once

#include <string>
#include <vector>

#include "base/error.h"
#include "engine/engine.h"
#include "engine/stored_row.h"

namespace crossval {

using KeptRows = std::vector<StoredRow>;

/// A few ids from everywhere in the vocabulary, as many as fit.
std::vector<TokenId> some_ids(const EngineSettings& settings);

/// Errors: the engine's.
Result<KeptRows> rows_of(Engine& engine, const EvaluateRequest& request);

/// All of some_ids from position 0, or their last row alone. Errors: the engine's.
Result<KeptRows> prompt_rows(Engine& engine, Rows rows = Rows::all);

/// Every bit of what they tell.
bool same_bits(const StoredRow& a, const StoredRow& b);

/// What of these rows has other bits than those; empty: nothing.
std::string difference(const KeptRows& rows, const KeptRows& others);

/// Why these are not the rows of one position, computed in two ways; empty: they may be. Nothing
/// can be said of hashes.
std::string unrelated(const StoredRow& a, const StoredRow& b);

}  // namespace crossval
