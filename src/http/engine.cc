#include "http/engine.h"

#include <utility>

#include "http/chat_server.h"
#include "http/llama_server.h"
#include "http/ollama_server.h"
#include "http/openai_server.h"
#include "http/server_engine.h"

namespace crossval {
namespace {

Result<std::string_view> dialect_of(HttpClient& client) {
  const auto llama = is_llama_server(client);
  if (!llama) return tl::unexpected(llama.error());
  if (*llama) return kDialects[0];
  const auto ollama = is_ollama(client);
  if (!ollama) return tl::unexpected(ollama.error());
  return *ollama ? kDialects[1] : kDialects[2];
}

}  // namespace

Result<std::unique_ptr<Engine>> make_server_engine(ServerOptions options) {
  auto client = open_http_client(options.http);
  if (!client) return tl::unexpected(client.error());
  std::string dialect = options.dialect;
  if (dialect.empty()) {
    const auto found = dialect_of(**client);
    if (!found) return tl::unexpected(found.error());
    dialect = *found;
  }
  ServerParts parts{.client = *std::move(client),
                    .served_model = std::move(options.served_model),
                    .top = options.top,
                    .n_ctx = options.n_ctx,
                    .model_path = std::move(options.model_path),
                    .vocabulary = std::move(options.vocabulary)};
  if (dialect == kDialects[0]) return open_llama_server(std::move(parts));
  if (dialect == kDialects[1]) return open_ollama(std::move(parts));
  if (dialect == kDialects[3]) return open_chat_server(std::move(parts));
  return open_openai_server(std::move(parts));
}

}  // namespace crossval
