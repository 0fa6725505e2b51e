// What a floor is tied to: the engine, its build and its arithmetic.
#pragma once

#include <string>
#include <vector>

#include "base/error.h"
#include "engine/info.h"
#include "results/floor.h"

namespace crossval {

/// Who the engine is, and every setting that changes its numbers.
std::vector<EngineMark> engine_marks(const EngineInfo& info);

/// Errors (usage): the floor is of another model, or of an engine with other marks; each says which
/// and what to do.
Result<void> check_floor(const Floor& floor, const std::string& path, const EngineInfo& engine,
                         const std::vector<std::string>& model_sha256);

/// A name for the floor of this engine and model in a cache: 64 hexadecimal digits.
std::string floor_key(const std::vector<EngineMark>& marks,
                      const std::vector<std::string>& model_sha256, const std::string& text_sha256);

}  // namespace crossval
