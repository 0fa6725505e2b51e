// What an engine says about itself when it is ready, as JSON (docs/protocol.md, "ready").
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"
#include "engine/info.h"

namespace crossval {

/// Names are those of EngineInfo's members; what is absent keeps its default. Errors
/// (engine_failed, what only): no JSON object, a value of another type, no n_vocab or too large.
Result<EngineInfo> parse_engine_info(std::string_view json);

/// What parse_engine_info reads; what is no UTF-8 becomes U+FFFD.
std::string engine_info_json(const EngineInfo& info);

/// The payload of an error frame. Errors: as above.
Result<Error> parse_engine_error(std::string_view json);

/// The payload of a warning frame. Errors: as above.
Result<EngineWarning> parse_engine_warning(std::string_view json);

}  // namespace crossval
