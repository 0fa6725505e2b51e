#include "engine/engine.h"

#include <fmt/format.h>

#include "engine/context.h"
#include "engine/tensor_part.h"

namespace crossval {
namespace {

std::string engine_name(const EngineInfo& info) { return "engine " + info.identity.name; }

Result<void> check_tensor(const TraceTensor& t, const TraceRequest& request,
                          const std::string& where) {
  const int64_t begin = t.op == kStateOp ? 0 : request.first;
  const int64_t end = request.first + std::ssize(request.ids);
  const bool values = t.hashes.empty() ? std::ssize(t.data) == t.positions * t.width
                                       : std::ssize(t.hashes) == t.positions && t.data.empty();
  const bool fits = t.positions > 0 && t.width > 0 && t.heads >= 0 && t.first_position >= begin &&
                    t.positions <= end - t.first_position && values &&
                    (t.heads == 0 || t.width % t.heads == 0);
  if (fits) return {};
  return fail(
      ExitCode::engine_failed,
      fmt::format("{} positions from {} of {} values in {} heads, {} values in all, of a "
                  "trace of the positions {} to {}",
                  t.positions, t.first_position, t.width, t.heads, t.data.size(), begin, end - 1),
      fmt::format("{}, tensor {} {}", where, t.name, t.op));
}

}  // namespace

Result<void> Engine::check(std::span<const TokenId> ids, int32_t first,
                           const std::string& where) const {
  const EngineSettings& settings = info().settings;
  if (ids.empty()) return fail(ExitCode::internal, "an evaluation of no ids", where);
  if (first != 0 && first != evaluated_) {
    return fail(ExitCode::internal,
                fmt::format("evaluation at position {} after {} positions", first, evaluated_),
                where);
  }
  if (settings.n_ctx == 0) {
    return fail(ExitCode::usage, "only the vocabulary was loaded", where);
  }
  if (first > 0 && !info().capabilities.decode) {
    return fail(ExitCode::usage, "the engine cannot decode step by step", where);
  }
  if (first + std::ssize(ids) > settings.n_ctx) {
    return fail(ExitCode::usage,
                fmt::format("{} positions do not fit into a context of {}", first + ids.size(),
                            settings.n_ctx),
                where, context_advice(settings) + ".");
  }
  for (const TokenId id : ids) {
    if (id >= 0 && id < settings.n_vocab) continue;
    return fail(ExitCode::usage, fmt::format("token id {} is not in [0, {})", id, settings.n_vocab),
                where);
  }
  return {};
}

Result<Outcome> Engine::evaluate(const EvaluateRequest& request, const RowSink& sink) {
  const std::string where =
      fmt::format("{}, evaluate, position {}", engine_name(info()), request.first);
  if (auto ok = check(request.ids, request.first, where); !ok) return tl::unexpected(ok.error());
  if (request.rows == Rows::all && request.ids.size() > 1 && !info().capabilities.all_logits) {
    return fail(ExitCode::usage, "the engine has no logits but those of the last position", where);
  }
  const auto end = request.first + static_cast<int32_t>(request.ids.size());
  evaluated_ = 0;
  auto done = compute_rows(request, [&](int32_t position, const Row& row) {
    const bool dropped = request.rows == Rows::last && position < end - 1;
    return dropped || sink(position, row);
  });
  if (done == Outcome::complete) evaluated_ = end;
  return done;
}

Result<Outcome> Engine::trace(const TraceRequest& request, const TensorSink& sink) {
  const std::string where = engine_name(info()) + ", trace";
  if (auto ok = check(request.ids, request.first, where); !ok) return tl::unexpected(ok.error());
  if (!info().capabilities.trace) {
    return fail(ExitCode::usage, "the engine cannot show its tensors", where);
  }
  if (request.selection.state && !info().capabilities.state) {
    return fail(ExitCode::usage, "the engine cannot show its KV cache", where);
  }
  evaluated_ = 0;
  Result<void> tensors;
  auto done = compute_tensors(request, [&](const TraceTensor& tensor) {
    tensors = check_tensor(tensor, request, where);
    if (!tensors) return false;
    const Selection& selection = request.selection;
    if (!selection.wants(tensor.name, tensor.op, tensor.layer)) return true;
    const Range has = {tensor.first_position, tensor.first_position + tensor.positions};
    const Range wanted = selection.positions.within(has);
    if (wanted.empty()) return true;
    const bool whole = wanted.first == has.first && wanted.end == has.end;
    return whole ? sink(tensor) : sink(part_of(tensor, wanted));
  });
  if (done && !tensors) return tl::unexpected(tensors.error());
  if (done == Outcome::complete) {
    evaluated_ = request.first + static_cast<int32_t>(request.ids.size());
  }
  return done;
}

}  // namespace crossval
