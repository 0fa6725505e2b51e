// What all servers have in common as engines: they are asked for the log-probabilities that follow
// a prefix of ids, keep none of it for us, and are known only by what they tell.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/engine.h"
#include "http/client.h"
#include "protocol/row.h"

namespace crossval {

/// All log-probabilities of a row.
inline constexpr int32_t kAllProbabilities = 0;

/// What every kind of server is opened with.
struct ServerParts {
  std::unique_ptr<HttpClient> client;
  std::string served_model;  // its name at the server; empty: the server has one
  /// Log-probabilities of a row; none given: as many as the server likes to give;
  /// kAllProbabilities: all.
  std::optional<int32_t> top{};
  int32_t n_ctx = 0;       // positions that fit, where the server does not say
  std::string model_path;  // that the user says it runs; empty: not said
  /// Of that file. Null: there is none.
  std::unique_ptr<Engine> vocabulary;
};

class ServerEngine : public Engine {
 public:
  const EngineInfo& info() const override { return info_; }

  Result<std::vector<TokenId>> tokenize(std::string_view text,
                                        const TokenizeOptions& options) override;
  Result<std::vector<std::string>> pieces(std::span<const TokenId> ids) override;
  Result<bool> is_end_of_generation(TokenId id) override;

 protected:
  using TopRowSink = std::function<bool(int32_t position, const TopRow& row)>;

  explicit ServerEngine(ServerParts parts);

  HttpClient& client() { return *parts_.client; }
  const ServerParts& parts() const { return parts_; }
  Engine* vocabulary() { return parts_.vocabulary.get(); }

  /// The error of a row, complete.
  tl::unexpected<Error> bad_row(Error error, int32_t position) const;
  /// A warning that is said once.
  void warn(const std::string& name, const std::string& message);

  /// "engine NAME, WHAT": for errors.
  std::string where(const std::string& what) const;

  EngineInfo info_;

 private:
  /// Hands out the rows of the positions from `first` on, in order; `ids` are all from 0.
  virtual Result<Outcome> ask_rows(std::span<const TokenId> ids, int32_t first,
                                   const TopRowSink& sink) = 0;

  Result<Outcome> compute_rows(const EvaluateRequest& request, const RowSink& sink) override;
  Result<Outcome> compute_tensors(const TraceRequest& request, const TensorSink& sink) override;

  ServerParts parts_;
  std::vector<TokenId> ids_;  // evaluated so far
};

}  // namespace crossval
