// Asks an HTTP server for JSON and takes what comes back with caution: bounded in time, bytes and
// redirects, and ended by a stop token.
#pragma once

#include <chrono>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>

#include "base/error.h"

namespace crossval {

struct HttpAnswer {
  int status = 0;  // 200, 404, …
  std::string body;
};

class HttpClient {
 public:
  virtual ~HttpClient() = default;

  /// The answer to a GET of `path` ("/v1/models") below the server's address, whatever its status
  /// is. A server that is busy (429, 503) is asked again for as long as the time-out goes on.
  ///
  /// Errors: engine_failed (not reached, silent for too long, still busy, an answer that is cut
  /// off, too long or redirected to where nothing may be sent); interrupted.
  virtual Result<HttpAnswer> get(const std::string& path) = 0;
  /// Likewise of a POST with a JSON text.
  virtual Result<HttpAnswer> post(const std::string& path, const std::string& json) = 0;

  /// What the server said, as a message quotes it (base/shown_text.h), without the key.
  virtual std::string quoted(std::string_view text) const = 0;
  /// The same without the quotes: a name, for an engine's self-description.
  std::string told(std::string_view text) const;
  /// For the `where` of errors: "engine llama-server".
  virtual std::string where() const = 0;
  /// What the server turned out to be; until then its address is its name.
  virtual void rename(const std::string& name) = 0;
};

struct HttpOptions {
  std::string address{};  // as checked_address has it
  /// Sent as a bearer token, to the address's own host alone, and shown nowhere. Empty: none.
  std::string key{};
  std::chrono::milliseconds timeout{120000};  // for one answer, from the question to its last byte
  std::stop_token stop{};
};

/// The address of a server without what is asked for below it: a "/v1" or "/" at its end is cut.
/// Errors (usage): no URL of http or https, a user name or a password, a query, a fragment.
Result<std::string> checked_address(const std::string& text);

/// Errors: usage (a key that no header can hold); internal (the library does not start).
Result<std::unique_ptr<HttpClient>> open_http_client(const HttpOptions& options);

}  // namespace crossval
