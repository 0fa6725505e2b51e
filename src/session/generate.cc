#include "session/generate.h"

#include <fmt/format.h>

#include <chrono>
#include <optional>
#include <span>

#include "engine/context.h"
#include "gate/health.h"
#include "session/careful_evaluation.h"
#include "session/prompt_record.h"
#include "session/text_stream.h"
#include "session/tokenise.h"

namespace crossval {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

class GenerationRun {
 public:
  GenerationRun(const GenerationPlan& plan, Engine& engine, const TextSink& sink,
                std::stop_token stop)
      : plan_(plan),
        engine_(engine),
        sink_(sink),
        stop_(std::move(stop)),
        sampler_(plan.sampling),
        text_(plan.stop_texts) {}

  Result<Generation> run();

 private:
  Result<void> check_capabilities() const;
  Result<StopReason> evaluate_everything();
  Result<StopReason> decode();
  Result<void> evaluate(std::span<const TokenId> ids);
  Result<Progress> feed(std::span<const TokenId> ids);
  Result<void> evaluate_again(std::span<const TokenId> ids);
  tl::unexpected<Error> unhealthy(const HealthFinding& finding) const;
  Result<void> take(TokenId id);
  Result<void> show(const std::string& text);
  std::string where(int32_t position) const;

  const GenerationPlan& plan_;
  Engine& engine_;
  const TextSink& sink_;
  std::stop_token stop_;
  Sampler sampler_;
  TextStream text_;
  int32_t evaluated_ = 0;   // positions
  std::vector<float> row_;  // of the last position
  Generation result_;
};

Result<Generation> GenerationRun::run() {
  if (auto ok = check_capabilities(); !ok) return tl::unexpected(ok.error());
  result_.engine = engine_.info();
  result_.sampling = plan_.sampling;
  result_.prompt = prompt_record(plan_.prompt);
  result_.warnings = all_warnings(plan_.prompt, engine_);
  const auto reason = evaluate_everything();
  if (const auto beyond = beyond_trained_context(engine_.info().settings, evaluated_))
    result_.warnings.push_back({beyond->name, beyond->message});
  append_warnings(engine_.info(), "", result_.warnings, result_.engine.warnings.size());
  // An interrupted engine may fail or leave rows out: that is no finding.
  if (!reason && !stop_.stop_requested()) return tl::unexpected(reason.error());
  result_.stop = stop_.stop_requested() ? StopReason::interrupted : *reason;
  if (auto ok = show(text_.finish()); !ok) return tl::unexpected(ok.error());
  return std::move(result_);
}

Result<void> GenerationRun::check_capabilities() const {
  if (engine_.info().capabilities.decode) return {};
  return fail(ExitCode::usage, "the engine cannot decode step by step",
              "engine " + engine_.info().identity.name);
}

Result<StopReason> GenerationRun::evaluate_everything() {
  auto ids = prompt_ids(plan_.prompt, engine_);
  if (!ids) return tl::unexpected(ids.error());
  result_.prompt_tokens = *std::move(ids);
  auto start = Clock::now();
  const auto done = evaluate(result_.prompt_tokens);
  result_.prompt_seconds = seconds_since(start);
  result_.prompt_positions = evaluated_;
  if (!done) return tl::unexpected(done.error());
  start = Clock::now();
  auto reason = decode();
  result_.decode_seconds = seconds_since(start);
  return reason;
}

Result<StopReason> GenerationRun::decode() {
  while (std::ssize(result_.tokens) < plan_.max_tokens) {
    if (stop_.stop_requested()) return StopReason::interrupted;
    const TokenId next = sampler_.next(row_);
    const auto end = engine_.is_end_of_generation(next);
    if (!end) return tl::unexpected(end.error());
    if (*end) return StopReason::end_of_generation;
    if (auto ok = take(next); !ok) return tl::unexpected(ok.error());
    if (text_.stopped()) return StopReason::stop_text;
    if (std::ssize(result_.tokens) == plan_.max_tokens) break;
    if (evaluated_ == engine_.info().settings.n_ctx) return StopReason::context_full;
    if (auto ok = evaluate(std::span(&next, 1)); !ok) return tl::unexpected(ok.error());
    ++result_.decode_steps;
  }
  return StopReason::max_tokens;
}

// Only the prompt, which begins at position 0, is more than one id.
Result<void> GenerationRun::evaluate(std::span<const TokenId> ids) {
  const int32_t first = evaluated_;
  const Evaluation evaluation = {
      [&](size_t at, size_t count, bool) { return feed(ids.subspan(at, count)); },
      [&] { return evaluate_again(ids.first(static_cast<size_t>(evaluated_))); }};
  const auto progress = evaluate_carefully(ids.size(), true, evaluation);
  if (!progress) return tl::unexpected(progress.error());
  if (progress->ill) return unhealthy(*progress->ill);
  if (evaluated_ != first + std::ssize(ids)) {
    return fail(ExitCode::unhealthy,
                fmt::format("{} rows for {} positions", evaluated_ - first, ids.size()),
                where(first));
  }
  return {};
}

// Keeps the last row only; a bad row before it is a finding all the same, and ends it.
Result<Progress> GenerationRun::feed(std::span<const TokenId> ids) {
  const int32_t first = evaluated_;
  std::optional<HealthFinding> finding;
  auto done = engine_.evaluate({.ids = ids, .first = first}, [&](int32_t position, const Row& row) {
    finding = check_row(Side::candidate, position, row.logits, engine_.info().settings.n_vocab);
    if (finding) return false;
    ++evaluated_;
    if (position + 1 == first + std::ssize(ids)) row_.assign(row.logits.begin(), row.logits.end());
    return !stop_.stop_requested();
  });
  if (!done) return tl::unexpected(done.error());
  if (finding && !is_not_finite(*finding)) return unhealthy(*finding);
  return Progress{.rows = static_cast<size_t>(evaluated_ - first), .ill = finding};
}

Result<void> GenerationRun::evaluate_again(std::span<const TokenId> ids) {
  if (ids.empty()) return {};
  auto done = engine_.evaluate({.ids = ids, .rows = Rows::last},
                               [&](int32_t, const Row&) { return !stop_.stop_requested(); });
  return done ? Result<void>{} : tl::unexpected(done.error());
}

tl::unexpected<Error> GenerationRun::unhealthy(const HealthFinding& finding) const {
  return fail(ExitCode::unhealthy, finding.detail, where(finding.position));
}

Result<void> GenerationRun::take(TokenId id) {
  result_.tokens.push_back(id);
  const auto pieces = engine_.pieces(std::span(&id, 1));
  if (pieces) return show(text_.push(pieces->front()));
  if (engine_.info().capabilities.tokenize) return tl::unexpected(pieces.error());
  if (result_.tokens.size() == 1) {
    result_.warnings.push_back(
        {"no-text", "the generated tokens cannot be shown as text: " + pieces.error().what +
                        "; their ids are shown with -v and in JSON"});
  }
  return {};
}

Result<void> GenerationRun::show(const std::string& text) {
  result_.text += text;
  return text.empty() ? Result<void>{} : sink_(text);
}

std::string GenerationRun::where(int32_t position) const {
  return fmt::format("engine {}, position {}", engine_.info().identity.name, position);
}

}  // namespace

Result<Generation> generate(const GenerationPlan& plan, Engine& engine, const TextSink& sink,
                            std::stop_token stop) {
  if (rows_of(engine.info().settings) != RowContent::logits) {
    return fail(ExitCode::usage,
                "the engine does not tell every logit: no token is drawn from less",
                "engine " + engine.info().identity.name);
  }
  return GenerationRun(plan, engine, sink, std::move(stop)).run();
}

}  // namespace crossval
