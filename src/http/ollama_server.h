// Ollama, by its own interface.
#pragma once

#include <memory>

#include "base/error.h"
#include "engine/engine.h"
#include "http/server_engine.h"

namespace crossval {

/// Whether the server is one. Errors: those of the client.
Result<bool> is_ollama(HttpClient& client);

/// Errors: the client's; usage (no vocabulary in `parts`, several models and no choice, more
/// log-probabilities than it gives); engine_failed (a version without log-probabilities).
Result<std::unique_ptr<Engine>> open_ollama(ServerParts parts);

}  // namespace crossval
