#include "session/record.h"

#include <fmt/format.h>

#include <algorithm>

#include "compare/top_metrics.h"
#include "engine/context.h"
#include "gate/health.h"
#include "gate/settings.h"
#include "protocol/payload.h"
#include "protocol/request.h"
#include "protocol/row_hash.h"
#include "recording/writer.h"
#include "session/lockstep.h"
#include "session/prompt_record.h"
#include "session/tokenise.h"

namespace crossval {
namespace {

using protocol::bytes_of;
using protocol::FrameType;

class RecordRun {
 public:
  RecordRun(const RecordPlan& plan, Engine& engine, PerTokenObserver& observer,
            const std::stop_token& stop)
      : plan_(plan), engine_(engine), observer_(observer), stop_(stop) {}

  Result<Recording> run() {
    if (auto ok = check(); !ok) return tl::unexpected(ok.error());
    const auto ids =
        tokenize_prompt(plan_.prompt, [&](std::string_view text, const TokenizeOptions& options) {
          return encode(text, options);
        });
    if (!ids) return tl::unexpected(ids.error());
    if (auto ok = check_expected(*ids); !ok) return tl::unexpected(ok.error());
    if (auto ok = check_context(*ids); !ok) return tl::unexpected(ok.error());
    if (auto ok = begin(); !ok) return tl::unexpected(ok.error());
    observer_.phase("evaluate");
    if (auto ok = evaluate(*ids); !ok) return tl::unexpected(ok.error());
    result_.prompt_positions = static_cast<int32_t>(ids->size());
    if (auto ok = decode(); !ok) return tl::unexpected(ok.error());
    if (auto ok = write_pieces(); !ok) return tl::unexpected(ok.error());
    if (!plan_.tensors.empty()) {
      if (auto ok = trace(); !ok) return tl::unexpected(ok.error());
    }
    return finish();
  }

 private:
  Result<void> check() const {
    const EngineInfo& info = engine_.info();
    const auto cannot = [&](const char* what, const char* hint) {
      return fail(ExitCode::usage, fmt::format("the engine cannot {}", what),
                  "engine " + info.identity.name, hint);
    };
    if (plan_.max_tokens > 0 && !info.capabilities.decode)
      return cannot("decode step by step", "Give --max-tokens 0.");
    if (!plan_.tensors.empty() && !info.capabilities.trace)
      return cannot("show its tensors", "Leave out --tensors.");
    if (rows_of(info.settings) != RowContent::logits && rows_of(info.settings) != plan_.rows) {
      return cannot("give every logit of a position",
                    "It tells its most likely tokens alone: give --top-k K.");
    }
    return check_like();
  }

  // Whether engine and model are those of the other run.
  Result<void> check_like() const {
    if (plan_.like.run == nullptr) return {};
    const auto settings = compare_settings(engine_.info(), plan_.like.run->info(), plan_.like.asked,
                                           plan_.like.models);
    if (!is_refused(settings.differing)) return {};
    std::string what = "this is not the run that was recorded";
    for (const SettingDifference& setting : settings.differing) {
      if (setting.weight == SettingWeight::refused)
        what += fmt::format("; {}: {} here, {} there", setting.name, setting.candidate,
                            setting.reference);
    }
    return fail(ExitCode::settings_differ, what, "engine " + engine_.info().identity.name);
  }

  Result<void> check_expected(const std::vector<TokenId>& ids) const {
    if (plan_.like.run == nullptr) return {};
    const auto expected =
        plan_.like.run->ids().first(static_cast<size_t>(plan_.like.run->prompt_positions()));
    if (std::ranges::equal(ids, expected)) return {};
    const auto [ours, theirs] = std::ranges::mismatch(ids, expected);
    const auto at = [](const auto& list, auto place) {
      return place == list.end() ? "ends" : fmt::format("has id {}", *place);
    };
    return fail(ExitCode::tokens_differ,
                fmt::format("the prompt becomes other tokens than in the recording: at index {} "
                            "this engine's {}, the recording {}",
                            ours - ids.begin(), at(ids, ours), at(expected, theirs)),
                "engine " + engine_.info().identity.name);
  }

  Result<void> check_context(const std::vector<TokenId>& ids) const {
    if (auto ok = check_ids(engine_, ids, ExitCode::usage); !ok) return ok;
    return check_fits(engine_.info().settings, std::ssize(ids), plan_.max_tokens,
                      "engine " + engine_.info().identity.name);
  }

  // Who records what, and the prompt's ids.
  Result<void> begin() {
    EngineInfo info = engine_.info();
    if (plan_.rows != RowContent::logits)
      info.settings.rows = plan_.rows == RowContent::top ? kTopRows : kHashedRows;
    RecordingFacts facts{.top_tokens = plan_.top_tokens,
                         .tensors = plan_.tensors.text(),
                         .asked_differences = plan_.asked_differences,
                         .model = plan_.model,
                         .prompt = plan_.prompt};
    auto writer = RecordingWriter::create(plan_.path, facts, info);
    if (!writer) return tl::unexpected(writer.error());
    writer_ = *std::move(writer);
    for (const Encoded& text : encoded_) {
      if (auto ok = write_tokenisation(text); !ok) return ok;
    }
    return {};
  }

  struct Encoded {
    std::string text;
    TokenizeOptions options;
    std::vector<TokenId> ids;
  };

  Result<std::vector<TokenId>> encode(std::string_view text, const TokenizeOptions& options) {
    auto ids = engine_.tokenize(text, options);
    if (ids) encoded_.push_back({std::string(text), options, *ids});
    return ids;
  }

  Result<void> write_tokenisation(const Encoded& encoded) {
    const auto flags =
        static_cast<uint8_t>((encoded.options.add_special ? protocol::kAddSpecial : 0) |
                             (encoded.options.parse_special ? protocol::kParseSpecial : 0));
    auto ok = writer_->put(FrameType::tokenize, {bytes_of(std::span<const uint8_t>(&flags, 1)),
                                                 bytes_of(std::string_view(encoded.text))});
    if (!ok) return ok;
    return writer_->put(FrameType::ids, {bytes_of(std::span<const TokenId>(encoded.ids))});
  }

  Result<void> evaluate(std::span<const TokenId> ids) {
    const EvaluateRequest request{.ids = ids, .first = static_cast<int32_t>(result_.tokens.size())};
    auto ok = writer_->put(FrameType::evaluate,
                           {protocol::head_of(request).bytes(), bytes_of(request.ids)});
    if (!ok) return ok;
    result_.tokens.insert(result_.tokens.end(), ids.begin(), ids.end());
    const auto planned = static_cast<int32_t>(result_.tokens.size()) + plan_.max_tokens;
    Result<void> written;
    const auto done = engine_.evaluate(request, [&](int32_t position, const Row& row) {
      written = write_row(position, row);
      observer_.progress(position + 1, planned);
      return written && !stop_.stop_requested();
    });
    if (!done) return tl::unexpected(done.error());
    if (!written) return written;
    if (auto running = check_stop(stop_); !running) return running;
    return writer_->put(FrameType::done, {protocol::payload_of(Outcome::complete).bytes()});
  }

  Result<void> write_row(int32_t position, const Row& row) {
    const auto finding = check_row(Side::candidate, position, row, engine_.info().settings.n_vocab);
    if (finding && !ill_) {
      ill_ = true;
      result_.warnings.push_back(
          {"unhealthy-row", fmt::format("position {}: {}", position, finding->detail)});
    }
    next_ = finding ? -1 : most_likely(row);
    if (row.content == plan_.rows && row.content != RowContent::top)
      return writer_->put_row(position, row);
    if (plan_.rows == RowContent::hashes)
      return writer_->put_row(position, row_hash_of(row.logits, scratch_));
    return writer_->put_row(position, top_of(row));
  }

  // Of a row that is ill there are no probabilities: a list of none says so.
  TopRow top_of(const Row& row) const {
    if (next_ < 0) return {};
    const auto count = static_cast<size_t>(plan_.top_tokens);
    if (row.content == RowContent::logits) return top_row_of(row.logits, count);
    TopRow top = *row.top;
    if (top.tokens.size() > count) {
      top.tokens.resize(count);
      top.rest = std::numeric_limits<double>::quiet_NaN();
    }
    return top;
  }

  Result<void> decode() {
    if (plan_.max_tokens > 0) observer_.phase("decode");
    while (result_.decode_steps < plan_.max_tokens && next_ >= 0) {
      const auto end = engine_.is_end_of_generation(next_);
      if (!end) return tl::unexpected(end.error());
      const uint8_t flag = *end ? 1 : 0;
      const TokenId next = next_;
      auto ok = writer_->put(FrameType::is_end_of_generation,
                             {bytes_of(std::span<const TokenId>(&next, 1))});
      if (ok)
        ok = writer_->put(FrameType::end_of_generation,
                          {bytes_of(std::span<const uint8_t>(&flag, 1))});
      if (!ok) return ok;
      result_.stopped_at_end_of_generation = *end;
      if (*end) break;
      if (ok = evaluate(std::span(&next, 1)); !ok) return ok;
      ++result_.decode_steps;
    }
    return {};
  }

  // Of every token that was evaluated.
  Result<void> write_pieces() {
    if (!engine_.info().capabilities.tokenize) return {};
    const auto pieces = engine_.pieces(result_.tokens);
    if (!pieces) return tl::unexpected(pieces.error());
    auto ok = writer_->put(FrameType::pieces, {bytes_of(std::span<const TokenId>(result_.tokens))});
    return ok ? writer_->put(FrameType::piece_bytes, {protocol::payload_of(*pieces).bytes()}) : ok;
  }

  Result<void> trace() {
    observer_.phase("trace");
    if (!engine_.info().capabilities.state) {
      result_.warnings.push_back({"state-not-shown",
                                  "the engine does not show its KV cache: the recording has no "
                                  "rows of it"});
    }
    TraceRequest request{.ids = result_.tokens,
                         .selection = {.state = engine_.info().capabilities.state}};
    auto ok =
        writer_->put(FrameType::trace, {protocol::head_of(request).bytes(), bytes_of(request.ids)});
    if (!ok) return ok;
    request.selection.names = plan_.tensors.selected();  // the file's head says which are in it
    Result<void> written;
    const auto done = engine_.trace(request, [&](const TraceTensor& tensor) {
      if (!plan_.tensors.contains(tensor)) return true;
      ++result_.tensors;
      written = write_tensor(tensor);
      return written && !stop_.stop_requested();
    });
    if (!done) return tl::unexpected(done.error());
    if (!written) return written;
    if (auto running = check_stop(stop_); !running) return running;
    if (result_.tensors == 0) {
      return fail(ExitCode::usage, "the engine has no tensor of those that --tensors names",
                  "--tensors " + plan_.tensors.text(),
                  "docs/tensor-names.md lists the names; --tensors all records every one.");
    }
    return writer_->put(FrameType::done, {protocol::payload_of(Outcome::complete).bytes()});
  }

  Result<void> write_tensor(const TraceTensor& tensor) {
    if (plan_.rows != RowContent::hashes || !tensor.hashes.empty())
      return writer_->put_tensor(tensor);
    std::vector<uint64_t> hashes;
    hashes.reserve(static_cast<size_t>(tensor.positions));
    for (int32_t i = 0; i < tensor.positions; ++i)
      hashes.push_back(hash_of(row_of(tensor, i, scratch_), one_nan_));
    TraceTensor hashed = tensor;
    hashed.data = {};
    hashed.hashes = hashes;
    return writer_->put_tensor(hashed);
  }

  Result<Recording> finish() {
    if (auto ok = writer_->finish(); !ok) return tl::unexpected(ok.error());
    result_.engine = engine_.info();
    result_.prompt = prompt_record(plan_.prompt);
    std::vector<Warning> warnings = all_warnings(plan_.prompt, engine_);
    result_.warnings.insert(result_.warnings.begin(), warnings.begin(), warnings.end());
    result_.path = plan_.path;
    result_.bytes = writer_->bytes();
    result_.rows = plan_.rows;
    result_.top_tokens = plan_.top_tokens;
    return std::move(result_);
  }

  const RecordPlan& plan_;
  Engine& engine_;
  PerTokenObserver& observer_;
  const std::stop_token& stop_;
  std::unique_ptr<RecordingWriter> writer_;
  std::vector<Encoded> encoded_;
  TokenId next_ = -1;  // the most likely token after the last row; -1: the row is ill
  bool ill_ = false;
  std::vector<float> scratch_, one_nan_;
  Recording result_;
};

}  // namespace

Result<Recording> record(const RecordPlan& plan, Engine& engine, PerTokenObserver& observer,
                         const std::stop_token& stop) {
  return RecordRun(plan, engine, observer, stop).run();
}

}  // namespace crossval
