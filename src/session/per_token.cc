#include "session/per_token.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <limits>
#include <memory>
#include <optional>

#include "compare/row_metrics.h"
#include "compare/top_metrics.h"
#include "engine/context.h"
#include "gate/health.h"
#include "gate/logits_patterns.h"
#include "gate/settings.h"
#include "inspect/tensor/weight_facts.h"
#include "protocol/row_hash.h"
#include "session/careful_evaluation.h"
#include "session/dump.h"
#include "session/first_difference.h"
#include "session/floor_judgement.h"
#include "session/healthy_pair.h"
#include "session/lockstep.h"
#include "session/non_finite_origin.h"
#include "session/prompt_pair.h"
#include "session/prompt_record.h"
#include "session/summary.h"
#include "session/tokenise.h"

namespace crossval {
namespace {

ToldRow told(const Row& row) { return {row.logits, row.top}; }

// What two engines' rows can be compared by; nothing: by nothing that both have.
std::optional<RowContent> common_content(RowContent a, RowContent b) {
  if (a == b || b == RowContent::logits) return a;
  if (a == RowContent::logits) return b;
  return std::nullopt;
}

// Rows of a wrong width: no figure at all, rather than the zeros of equal rows.
RowMetrics no_metrics() {
  constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
  RowMetrics m;
  m.cosine = m.l2 = m.relative_l2 = m.max_abs_diff = m.kl = m.kl_reverse = kNaN;
  m.reference_margin = m.shift = kNaN;
  m.centred_cosine = m.centred_l2 = m.centred_relative_l2 = m.centred_max_abs_diff = kNaN;
  return m;
}

// Token ids to evaluate at the positions that follow those done.
struct Step {
  std::span<const TokenId> ids;
  std::span<const std::string> pieces;
  bool decode = false;

  Step from(size_t at, size_t count = std::dynamic_extent) const {
    return {ids.subspan(at, std::min(count, ids.size() - at)),
            pieces.subspan(at, std::min(count, pieces.size() - at)), decode};
  }
};

class PerTokenRun {
 public:
  PerTokenRun(const PerTokenPlan& plan, EnginePair engines, PerTokenObserver& observer,
              std::stop_token stop)
      : plan_(plan),
        engines_(engines),
        observer_(observer),
        stop_(std::move(stop)),
        patterns_(engine_label(engines, Side::candidate), engine_label(engines, Side::reference)) {}

  Result<Comparison> run();

 private:
  void describe();
  PromptPair prompts() const {
    return {plan_.prompt, plan_.candidate_prompt ? &*plan_.candidate_prompt : nullptr};
  }
  Result<void> check_rows();
  void raise_tolerance();
  Result<void> check_capabilities() const;
  Result<bool> pass_gates();
  Result<void> check_context() const;
  void warn_beyond_training();
  Result<void> evaluate_everything();
  Result<void> evaluate(const Step& step);
  Result<Progress> compare_step(const Step& step, bool give_up);
  Result<void> evaluate_again();
  bool can_step() const;
  std::vector<HealthFinding> check_pair(const RowPair& pair) const;
  Result<bool> compare_pair(const RowPair& pair, std::span<const HealthFinding> findings,
                            PositionResult& position);
  void score_next(const RowPair& pair, PositionResult& position) const;
  uint64_t known_by(const Row& row);
  Result<void> decode();
  Result<bool> is_end(TokenId id);
  std::vector<TokenId> evaluated_ids(size_t count) const;
  Result<void> find_origins();
  Result<void> hold_against_floor();
  Result<std::vector<RowMetrics>> evaluate_floor_pair();
  Result<void> find_first_difference();
  void look_at_weight();
  Result<void> explain_difference();

  const PerTokenPlan& plan_;
  EnginePair engines_;
  PerTokenObserver& observer_;
  std::stop_token stop_;
  std::vector<std::string> prompt_pieces_;
  std::unique_ptr<Dump> dump_;
  LogitsPatterns patterns_;
  std::vector<float> scratch_;
  Comparison result_;
};

Result<Comparison> PerTokenRun::run() {
  describe();
  if (auto ok = check_rows(); !ok) return tl::unexpected(ok.error());
  if (auto ok = check_capabilities(); !ok) return tl::unexpected(ok.error());
  const auto open = pass_gates();
  if (!open) return tl::unexpected(open.error());
  if (*open) {
    if (auto ok = check_context(); !ok) return tl::unexpected(ok.error());
    warn_beyond_training();
    if (auto ok = evaluate_everything(); !ok) return tl::unexpected(ok.error());
    if (auto ok = find_origins(); !ok) return tl::unexpected(ok.error());
    if (auto ok = hold_against_floor(); !ok) return tl::unexpected(ok.error());
    if (plan_.first_diff && !result_.positions.empty()) {
      if (auto ok = find_first_difference(); !ok) return tl::unexpected(ok.error());
    }
    if (auto ok = explain_difference(); !ok) return tl::unexpected(ok.error());
  }
  // Last: an engine may have come to know something on the way.
  for (const Side side : {Side::candidate, Side::reference}) {
    append_warnings(engines_.of(side).info(), engine_label(engines_, side), result_.warnings);
  }
  summarise(result_);
  return std::move(result_);
}

void PerTokenRun::describe() {
  result_.candidate = engines_.candidate.info();
  result_.reference = engines_.reference.info();
  result_.requirement = plan_.requirement.value_or(Requirement::cosine);
  result_.cos_tol = plan_.cos_tol;
  result_.logprob_tol = plan_.logprob_tol;
  result_.max_tokens = plan_.max_tokens;
  result_.on_token_mismatch = plan_.on_token_mismatch;
  result_.models = plan_.models;
  result_.model_difference = plan_.model_difference;
  result_.prompt = prompt_record(plan_.prompt);
  if (plan_.candidate_prompt) result_.candidate_prompt = prompt_record(*plan_.candidate_prompt);
  result_.warnings = prompt_warnings(prompts());
}

// What is compared, and what is required of it, where an engine does not tell every logit.
Result<void> PerTokenRun::check_rows() {
  const auto content =
      common_content(rows_of(result_.candidate.settings), rows_of(result_.reference.settings));
  if (!content) {
    return fail(ExitCode::usage,
                "one engine tells the most likely tokens of a position and the other a hash of "
                "all: there is nothing to compare",
                {}, "Record one of them with every logit.");
  }
  result_.rows = *content;
  if (*content == RowContent::logits) return {};
  const bool top = *content == RowContent::top;
  const char* what = top ? "most likely tokens alone" : "hashes of rows alone";
  const auto needs_all = [&](const char* option) {
    return fail(ExitCode::usage,
                fmt::format("{} needs every logit, and there are {}", option, what), {},
                fmt::format("Leave out {}.", option));
  };
  raise_tolerance();
  const Requirement own = top ? Requirement::log_probabilities : Requirement::bits;
  if (plan_.requirement && *plan_.requirement != own) return needs_all("--require");
  result_.requirement = own;
  if (plan_.floor) return needs_all("--floor");
  if (!plan_.dump_dir.empty()) return needs_all("--dump");
  if (plan_.explain) return needs_all("--explain");
  return {};
}

void PerTokenRun::raise_tolerance() {
  if (plan_.resolution <= plan_.logprob_tol) return;
  result_.logprob_tol = plan_.resolution;
  result_.warnings.push_back(
      {"tolerance-raised",
       fmt::format("--logprob-tol {} is less than rounding does to ln p in the files: {} is "
                   "required",
                   plan_.logprob_tol, plan_.resolution)});
}

Result<void> PerTokenRun::check_capabilities() const {
  for (const Side side : {Side::candidate, Side::reference}) {
    const Capabilities& can = engines_.of(side).info().capabilities;
    const char* lacking = nullptr;
    if (plan_.max_tokens > 0 && !can.decode) lacking = "decode step by step: use --max-tokens 0";
    if (plan_.first_diff && !can.trace) lacking = "show its tensors: leave out --first-diff";
    if (lacking != nullptr) {
      return fail(ExitCode::usage, fmt::format("the engine cannot {}", lacking),
                  engine_label(engines_, side));
    }
  }
  return {};
}

// True when no gate is closed. All are looked at, so that a report can show all that differs.
Result<bool> PerTokenRun::pass_gates() {
  ComparedSettings settings =
      compare_settings(result_.candidate, result_.reference, plan_.asked_differences, plan_.models);
  result_.settings = std::move(settings.differing);
  result_.equal_settings = std::move(settings.equal);
  observer_.phase("tokenise");
  auto tokens = tokenise_both(prompts(), plan_.facts, engines_);
  if (auto ok = check_stop(stop_); !ok) return tl::unexpected(ok.error());
  if (!tokens) return tl::unexpected(tokens.error());
  result_.mismatch = std::move(tokens->mismatch);
  if (auto texts = warn_about_texts(prompts()); texts && !result_.mismatch) {
    result_.warnings.push_back(*std::move(texts));
  }
  if (auto ids = warn_about_ids(engines_, *tokens)) result_.warnings.push_back(*std::move(ids));
  const bool candidates = plan_.on_token_mismatch == OnTokenMismatch::use_candidate;
  TokenSide& used = candidates ? tokens->candidate : tokens->reference;
  if (result_.mismatch && plan_.on_token_mismatch != OnTokenMismatch::stop) {
    for (const Side side : {Side::candidate, Side::reference}) {
      const auto ok = check_ids(engines_.of(side), used.ids, ExitCode::usage);
      if (!ok) return tl::unexpected(attributed(engines_, side, ok.error()));
    }
  }
  result_.tokens = std::move(used.ids);
  prompt_pieces_ = std::move(used.pieces);
  return are_gates_open(result_);
}

Result<void> PerTokenRun::check_context() const {
  const int64_t prompt = std::ssize(result_.tokens);
  for (const Side side : {Side::candidate, Side::reference}) {
    auto ok = check_fits(engines_.of(side).info().settings, prompt, plan_.max_tokens,
                         engine_label(engines_, side));
    if (!ok) return ok;
  }
  return {};
}

// Once where both sides say the same.
void PerTokenRun::warn_beyond_training() {
  const auto positions = static_cast<int64_t>(result_.tokens.size()) + plan_.max_tokens;
  const auto candidate = beyond_trained_context(result_.candidate.settings, positions);
  const auto reference = beyond_trained_context(result_.reference.settings, positions);
  const bool same = candidate && reference && candidate->message == reference->message;
  if (same) {
    result_.warnings.push_back({candidate->name, candidate->message});
    return;
  }
  for (const Side side : {Side::candidate, Side::reference}) {
    const auto& warning = side == Side::candidate ? candidate : reference;
    if (!warning) continue;
    result_.warnings.push_back(
        {warning->name, engine_label(engines_, side) + ": " + warning->message});
  }
}

Result<void> PerTokenRun::evaluate_everything() {
  if (!plan_.dump_dir.empty()) {
    auto dump = Dump::create(plan_.dump_dir, result_.reference.settings.n_vocab);
    if (!dump) return tl::unexpected(dump.error());
    dump_ = *std::move(dump);
  }
  const auto start = std::chrono::steady_clock::now();
  observer_.phase("evaluate");
  if (auto ok = evaluate({result_.tokens, prompt_pieces_, false}); !ok) return ok;
  if (plan_.max_tokens > 0 && result_.health.empty()) {
    observer_.phase("decode");
    if (auto ok = decode(); !ok) return ok;
  }
  for (const LogitsPattern& pattern : patterns_.findings()) {
    result_.warnings.push_back({pattern.name, pattern.message});
  }
  result_.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return dump_ ? dump_->finish(result_) : Result<void>{};
}

// Up to the first position that is ill by itself; the rest, which may well be ill because of it, in
// a batch again.
Result<void> PerTokenRun::evaluate(const Step& step) {
  const Evaluation evaluation = {[&](size_t at, size_t count, bool give_up) {
                                   return compare_step(step.from(at, count), give_up);
                                 },
                                 [&] { return evaluate_again(); }};
  const auto progress = evaluate_carefully(step.ids.size(), can_step(), evaluation);
  if (!progress) return tl::unexpected(progress.error());
  if (progress->of_batch_alone) result_.health.push_back(*progress->ill);
  if (!progress->more || progress->rows == step.ids.size()) return {};
  const auto rest = compare_step(step.from(progress->rows), false);
  return rest ? Result<void>{} : tl::unexpected(rest.error());
}

// What both engines had in their caches before the batch that was given up.
Result<void> PerTokenRun::evaluate_again() {
  const std::vector<TokenId> ids = evaluated_ids(result_.positions.size());
  if (ids.empty()) return {};
  const auto work = [&](Side, Engine& engine) {
    return engine.evaluate({.ids = ids, .rows = Rows::last}, [](int32_t, auto) { return true; });
  };
  auto done = run_both(engines_, work, [] {});
  if (auto running = check_stop(stop_); !running) return running;
  return done;
}

std::vector<TokenId> PerTokenRun::evaluated_ids(size_t count) const {
  std::vector<TokenId> ids;
  ids.reserve(count);
  for (size_t i = 0; i < count; ++i) ids.push_back(result_.positions[i].id);
  return ids;
}

bool PerTokenRun::can_step() const {
  return engines_.candidate.info().capabilities.decode &&
         engines_.reference.info().capabilities.decode;
}

// There is no more where rows cannot be compared or are missing.
Result<Progress> PerTokenRun::compare_step(const Step& step, bool give_up) {
  const auto first = static_cast<int32_t>(result_.positions.size());
  const auto planned = static_cast<int32_t>(result_.tokens.size()) + plan_.max_tokens;
  Progress progress;
  LockstepPlan lockstep;
  lockstep.first = first;
  lockstep.count = static_cast<int32_t>(step.ids.size());
  lockstep.rows_of = [&](Engine& engine, const RowSink& sink) {
    return engine.evaluate({.ids = step.ids, .first = first}, sink);
  };
  lockstep.compare = [&](const RowPair& pair) -> Result<bool> {
    const std::vector<HealthFinding> findings = check_pair(pair);
    const auto ill = std::ranges::find_if(findings, is_not_finite);
    if (ill != findings.end() && !progress.ill) progress.ill = *ill;
    if (progress.ill && give_up) return false;
    const auto i = static_cast<size_t>(pair.position - first);
    PositionResult position;
    position.position = pair.position;
    position.id = step.ids[i];
    position.piece = step.pieces[i];
    position.decode = step.decode;
    auto more = compare_pair(pair, findings, position);
    if (plan_.score_next && !step.decode && more.value_or(false)) score_next(pair, position);
    progress.more = more.value_or(false);
    ++progress.rows;
    result_.positions.push_back(std::move(position));
    observer_.progress(static_cast<int32_t>(result_.positions.size()), planned);
    return more;
  };
  auto missing = run_lockstep(engines_, lockstep, stop_);
  if (!missing) return tl::unexpected(missing.error());
  if (progress.ill && give_up) return progress;
  result_.health.insert(result_.health.end(), missing->begin(), missing->end());
  progress.more = progress.more && missing->empty();
  return progress;
}

std::vector<HealthFinding> PerTokenRun::check_pair(const RowPair& pair) const {
  const int32_t n_vocab = result_.reference.settings.n_vocab;
  std::vector<HealthFinding> findings;
  for (const Side side : {Side::candidate, Side::reference}) {
    if (auto finding = check_row(side, pair.position, pair.of(side), n_vocab))
      findings.push_back(*std::move(finding));
  }
  return findings;
}

uint64_t PerTokenRun::known_by(const Row& row) {
  return row.content == RowContent::hashes ? row.hash.hash : hash_of(row.logits, scratch_);
}

// False when there is no sense in going on: an engine whose rows have a wrong width.
Result<bool> PerTokenRun::compare_pair(const RowPair& pair, std::span<const HealthFinding> findings,
                                       PositionResult& position) {
  position.healthy = findings.empty();
  result_.health.insert(result_.health.end(), findings.begin(), findings.end());
  if (std::ranges::any_of(findings, [](const auto& f) { return f.name == "wrong-width"; })) {
    position.metrics = no_metrics();
    return false;
  }
  const Row& candidate = pair.candidate;
  const Row& reference = pair.reference;
  if (result_.rows == RowContent::logits) {
    position.metrics = compare_rows(candidate.logits, reference.logits);
    if (position.healthy)
      patterns_.observe(position.id, candidate.logits, reference.logits, position.metrics);
  } else {
    position.metrics = no_metrics();
    position.metrics.candidate_argmax = most_likely(candidate);
    position.metrics.reference_argmax = most_likely(reference);
    if (result_.rows == RowContent::hashes) {
      position.metrics.identical = position.healthy && known_by(candidate) == known_by(reference);
    } else if (position.healthy) {
      position.top = compare_top_rows(told(candidate), told(reference));
    }
  }
  position.passed = position.healthy && passes(position, result_);
  if (dump_) {
    if (auto ok = dump_->append(pair); !ok) return tl::unexpected(ok.error());
  }
  return true;
}

void PerTokenRun::score_next(const RowPair& pair, PositionResult& position) const {
  const auto next = static_cast<size_t>(position.position) + 1;
  if (!position.healthy || result_.rows != RowContent::logits || next >= result_.tokens.size())
    return;
  const TokenId id = result_.tokens[next];
  position.next = {.candidate = log_probability_of(told(pair.candidate), id),
                   .reference = log_probability_of(told(pair.reference), id)};
}

// The reference's greedy choice is fed to both. An unhealthy row has none that means something.
Result<void> PerTokenRun::decode() {
  for (int32_t step = 0; step < plan_.max_tokens && result_.health.empty(); ++step) {
    const TokenId next = result_.positions.back().metrics.reference_argmax;
    const auto end = is_end(next);
    if (!end) return tl::unexpected(end.error());
    if (*end) {
      result_.stopped_at_end_of_generation = true;
      break;
    }
    const std::vector<TokenId> ids = {next};
    const auto pieces = pieces_of(engines_, ids);
    if (!pieces) return tl::unexpected(pieces.error());
    if (auto ok = evaluate({ids, *pieces, true}); !ok) return ok;
  }
  return {};
}

// Only an engine with a vocabulary knows; without one decoding goes on to --max-tokens.
Result<bool> PerTokenRun::is_end(TokenId id) {
  for (const Side side : {Side::reference, Side::candidate}) {
    if (!engines_.of(side).info().capabilities.tokenize) continue;
    auto end = engines_.of(side).is_end_of_generation(id);
    if (!end) return tl::unexpected(attributed(engines_, side, end.error()));
    return end;
  }
  return false;
}

Result<void> PerTokenRun::find_origins() {
  const auto first = std::ranges::find_if(result_.health, is_not_finite);
  if (first == result_.health.end()) return {};
  const auto end = static_cast<size_t>(first->position) + 1;
  if (end > result_.positions.size()) return {};
  observer_.phase("trace");
  auto origins = find_non_finite_origins(engines_, evaluated_ids(end), plan_.facts.files, stop_);
  if (!origins) return tl::unexpected(origins.error());
  result_.origins = *std::move(origins);
  return {};
}

Result<void> PerTokenRun::hold_against_floor() {
  if (!plan_.floor) return {};
  result_.floor = FloorComparison{.floor = *plan_.floor, .path = plan_.floor_path};
  const auto start = std::chrono::steady_clock::now();
  std::vector<RowMetrics> pair;
  // Equal rows need no excuse, and ill ones have none.
  const bool differs = std::ranges::any_of(
      result_.positions, [](const PositionResult& p) { return !p.metrics.identical; });
  if (result_.requirement == Requirement::floor && plan_.floor->pair && differs &&
      result_.health.empty()) {
    auto evaluated = evaluate_floor_pair();
    if (!evaluated) return tl::unexpected(evaluated.error());
    pair = *std::move(evaluated);
  }
  judge_by_floor(result_, pair);
  result_.floor->seconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return {};
}

// The same ids in one piece, decode steps too.
Result<std::vector<RowMetrics>> PerTokenRun::evaluate_floor_pair() {
  observer_.phase("load the floor pair");
  const auto other = plan_.open_floor_pair();
  if (!other) return tl::unexpected(other.error());
  observer_.phase("evaluate the floor pair");
  const auto count = static_cast<int32_t>(result_.positions.size());
  return compare_healthy_pair(
      {**other, engines_.reference}, evaluated_ids(result_.positions.size()),
      [&](int32_t done) { observer_.progress(done, count); }, stop_);
}

Result<void> PerTokenRun::find_first_difference() {
  size_t bad = 0;
  while (bad + 1 < result_.positions.size() && result_.positions[bad].metrics.identical) ++bad;
  observer_.phase("trace");
  // Where the size of a batch matters, the trace evaluates what the run evaluated at once.
  const bool by_batch = !result_.candidate.settings.not_invariant_to.empty() ||
                        !result_.reference.settings.not_invariant_to.empty();
  const size_t prompt = std::min(result_.tokens.size(), result_.positions.size());
  auto trace = compare_traces(engines_,
                              evaluated_ids(by_batch ? std::max(bad + 1, prompt) : bad + 1), stop_);
  if (!trace) return tl::unexpected(trace.error());
  if (trace->tensors_compared == 0) {
    result_.health.push_back({"nothing-compared", Side::candidate, -1, -1,
                              "the engines' traces have no tensor in common"});
  } else if (!trace->differs && result_.positions[bad].healthy &&
             !result_.positions[bad].metrics.identical) {
    result_.warnings.push_back(
        {"difference-not-traced",
         fmt::format("the rows of position {} differ, yet every tensor of a trace of the positions "
                     "up to it is equal: the difference depends on how positions are batched, or "
                     "an engine is not deterministic",
                     bad)});
  }
  result_.trace = *std::move(trace);
  look_at_weight();
  return {};
}

// Whether two model files differ in the weight of the first operation that does.
void PerTokenRun::look_at_weight() {
  FirstDifference& first = result_.trace->first;
  if (!result_.trace->differs || first.weight.empty() || result_.models.same) return;
  const auto ours = plan_.facts.files.open(result_.candidate.settings.model_path);
  const auto theirs = plan_.facts.files.open(result_.reference.settings.model_path);
  if (ours && theirs) first.same_weight = same_tensor(*ours, *theirs, first.weight);
}

// Of the first position that fails, or else of the first whose bits differ.
Result<void> PerTokenRun::explain_difference() {
  if (!plan_.explain) return {};
  const auto& positions = result_.positions;
  auto at = std::ranges::find_if(positions, [](const auto& p) { return !p.passed; });
  if (at == positions.end()) {
    at = std::ranges::find_if(positions, [](const auto& p) { return !p.metrics.identical; });
  }
  if (at == positions.end()) return {};
  auto explanation = plan_.explain(evaluated_ids(static_cast<size_t>(at->position) + 1));
  if (!explanation) return tl::unexpected(explanation.error());
  result_.explanation = *std::move(explanation);
  return {};
}

}  // namespace

Result<Comparison> compare_per_token(const PerTokenPlan& plan, Engine& candidate, Engine& reference,
                                     PerTokenObserver& observer, std::stop_token stop) {
  return PerTokenRun(plan, {candidate, reference}, observer, std::move(stop)).run();
}

}  // namespace crossval
