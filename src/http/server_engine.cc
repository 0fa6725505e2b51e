#include "http/server_engine.h"

#include <fmt/format.h>

#include <algorithm>

namespace crossval {

ServerEngine::ServerEngine(ServerParts parts) : parts_(std::move(parts)) {
  info_.settings.model_path = parts_.model_path;
  info_.settings.device.clear();  // no server tells it
  info_.settings.all_logits = true;
  info_.settings.rows = kTopRows;
  // A row at a time is what any of them can, on top of nothing.
  info_.capabilities.all_logits = true;
  info_.capabilities.decode = true;
}

std::string ServerEngine::where(const std::string& what) const {
  return fmt::format("engine {}, {}", info_.identity.name, what);
}

tl::unexpected<Error> ServerEngine::bad_row(Error error, int32_t position) const {
  error.what = "its row " + error.what;
  error.where = where(fmt::format("evaluate, position {}", position));
  return tl::unexpected(std::move(error));
}

void ServerEngine::warn(const std::string& name, const std::string& message) {
  if (std::ranges::find(info_.warnings, name, &EngineWarning::name) == info_.warnings.end())
    info_.warnings.push_back({name, message});
}

// Unless the server itself does it better.
Result<std::vector<TokenId>> ServerEngine::tokenize(std::string_view, const TokenizeOptions&) {
  return fail(ExitCode::usage, "the server does not tokenise", where("tokenise"),
              "Give token ids with --tokens.");
}

Result<std::vector<std::string>> ServerEngine::pieces(std::span<const TokenId> ids) {
  if (vocabulary() != nullptr) return vocabulary()->pieces(ids);
  return fail(ExitCode::usage, "the server does not tell what tokens stand for", where("pieces"),
              "Give the model file that it runs with -m.");
}

Result<bool> ServerEngine::is_end_of_generation(TokenId id) {
  return vocabulary() == nullptr ? false : vocabulary()->is_end_of_generation(id);
}

Result<Outcome> ServerEngine::compute_rows(const EvaluateRequest& request, const RowSink& sink) {
  ids_.resize(static_cast<size_t>(request.first));
  ids_.insert(ids_.end(), request.ids.begin(), request.ids.end());
  const auto end = static_cast<int32_t>(ids_.size());
  const int32_t first = request.rows == Rows::last ? end - 1 : request.first;
  return ask_rows(ids_, first,
                  [&](int32_t position, const TopRow& row) { return sink(position, row); });
}

Result<Outcome> ServerEngine::compute_tensors(const TraceRequest&, const TensorSink&) {
  return fail(ExitCode::internal, "no server shows its tensors");  // trace has refused it
}

}  // namespace crossval
