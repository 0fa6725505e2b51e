// A server with OpenAI's completions: vLLM, llama-cpp-python, SGLang, LM Studio and many more.
#pragma once

#include <memory>

#include "base/error.h"
#include "engine/engine.h"
#include "http/server_engine.h"

namespace crossval {

/// Finds out by a few requests what the server takes and gives. Errors: the client's; usage (no
/// vocabulary in `parts`, several models and no choice, more log-probabilities than it gives);
/// engine_failed (no completions, none with log-probabilities).
Result<std::unique_ptr<Engine>> open_openai_server(ServerParts parts);

}  // namespace crossval
