// An engine whose tensors go by the names of a user's file: everything that compares tensors by
// name sees these.
#pragma once

#include <memory>

#include "base/error.h"
#include "engine/engine.h"
#include "names/names_file.h"

namespace crossval {

/// The engine, its tensors renamed and cut as the file says; those that the file does not name stay
/// as they are. Errors (usage): columns of an engine that shows hashes. Of a trace (usage): columns
/// that a tensor does not have.
Result<std::unique_ptr<Engine>> renamed(std::unique_ptr<Engine> engine, NamesFile names);

/// The engine behind a renamed one; any other itself.
const Engine& unrenamed(const Engine& engine);

}  // namespace crossval
