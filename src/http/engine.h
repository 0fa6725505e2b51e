// An engine that is an HTTP server: `http://HOST:PORT`. What it can give is found out by asking it,
// never assumed (docs/servers.md).
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "base/error.h"
#include "engine/engine.h"
#include "http/client.h"

namespace crossval {

struct ServerOptions {
  HttpOptions http{};
  std::string dialect{};       // one of kDialects; empty: found out
  std::string served_model{};  // its name at the server; empty: the server has one
  /// Log-probabilities of a row; 0: all; none: 100, or as many as the server gives.
  std::optional<int32_t> top{};
  std::string model_path{};  // the file that the user says it runs; empty: not said
  int32_t n_ctx = 2048;      // positions that may be asked for, where the server does not say
  std::unique_ptr<Engine> vocabulary{};  // of that file; null: there is none
};

inline constexpr std::string_view kDialects[] = {"llama-server", "ollama", "openai", "chat"};

/// Errors: those of open_http_client and of the dialects (llama_server.h, openai_server.h,
/// ollama_server.h).
Result<std::unique_ptr<Engine>> make_server_engine(ServerOptions options);

}  // namespace crossval
