// The operation that is off, alone: on a prompt as short as still shows it, with what it was
// computed from, what came out and what should have.
#pragma once

#include <cstddef>
#include <span>
#include <stop_token>
#include <string>

#include "base/error.h"
#include "base/thread_pool.h"
#include "engine/engine.h"
#include "explain/account.h"
#include "results/explanation.h"

namespace crossval {

/// `at`: the position at which the operation is furthest off in `ids`. Writes FOLDER/
/// operation.safetensors: "input 0 NAME" …, attention's "keys" and "values" of all positions so
/// far, "expected" and "bound" in F64, "actual" in F32. Errors: as Account::run; cannot_write.
Result<Reproduction> reproduce(const Truth& truth, std::span<const TokenId> ids, int32_t at,
                               size_t op, Engine& engine, ThreadPool& pool,
                               const std::string& folder, const std::stop_token& stop);

}  // namespace crossval
