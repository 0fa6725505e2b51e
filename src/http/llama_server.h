// llama.cpp's own server, by the interface that it has beside OpenAI's.
#pragma once

#include <memory>

#include "base/error.h"
#include "engine/engine.h"
#include "http/server_engine.h"

namespace crossval {

/// Whether the server is one. Errors: those of the client.
Result<bool> is_llama_server(HttpClient& client);

/// Errors: the client's; engine_failed (an answer that is none of this server's); usage (fewer
/// log-probabilities to a row than asked for).
Result<std::unique_ptr<Engine>> open_llama_server(ServerParts parts);

}  // namespace crossval
