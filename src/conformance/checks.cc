#include "conformance/checks.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstring>
#include <functional>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

#include "conformance/kept_rows.h"
#include "conformance/row_content.h"
#include "protocol/payload.h"
#include "protocol/request.h"

namespace crossval {
namespace {

using protocol::bytes_of;
using protocol::FrameType;

constexpr auto kPatience = std::chrono::seconds(10);  // for a program whose input has ended

tl::unexpected<Error> broken(std::string what) {
  return fail(ExitCode::engine_failed, std::move(what));
}
Checked not_checked(std::string why) { return {Keeping::not_checked, std::move(why)}; }
Checked kept() { return {}; }

Result<Checked> gets_ready(CheckedProgram& program) {
  const auto engine = program.engine();
  if (!engine) return tl::unexpected(engine.error());
  return kept();
}

Result<Checked> takes_crossvals_settings(CheckedProgram& program) {
  const auto engine = program.engine_with(
      {{"kv", "f32"}, {"threads", "2"}, {"n_ctx", "32"}, {"n_batch", "4"}, {"tokens_only", "0"}});
  if (!engine) return tl::unexpected(engine.error());
  return kept();
}

// Sends hello; it has to be answered by an error.
Result<Checked> refuses(CheckedProgram& program, const Settings& settings,
                        const std::vector<int>& versions, const char* what) {
  const auto process = program.greeted(settings, versions);
  if (!process) return tl::unexpected(process.error());
  const auto answer = next_type(**process);
  if (!answer) return tl::unexpected(answer.error());
  if (*answer == FrameType::error) return kept();
  return broken(fmt::format("{} is not answered by an error", what));
}

Result<Checked> refuses_an_unknown_setting(CheckedProgram& program) {
  return refuses(program, {{"conformance-no-such-key", "1"}}, {}, "a setting that nobody knows");
}

Result<Checked> refuses_another_version(CheckedProgram& program) {
  return refuses(program, {}, {9999}, "version 9999 of the protocol");
}

Result<Checked> says_its_kv_type(CheckedProgram& program) {
  const auto engine = program.engine();
  if (!engine) return tl::unexpected(engine.error());
  const EngineSettings& settings = (*engine)->info().settings;
  if (!settings.kv_type_k.empty() && !settings.kv_type_v.empty()) return kept();
  return broken("ready has no kv_type_k or no kv_type_v");
}

Result<Checked> sends_its_rows(CheckedProgram& program) {
  const auto engine = program.engine();
  if (!engine) return tl::unexpected(engine.error());
  const auto rows = prompt_rows(**engine);
  if (!rows) return tl::unexpected(rows.error());
  return kept();
}

Result<Checked> repeats_its_bits(CheckedProgram& program) {
  const auto engine = program.engine();
  if (!engine) return tl::unexpected(engine.error());
  const auto first = prompt_rows(**engine);
  if (!first) return tl::unexpected(first.error());
  const auto second = prompt_rows(**engine);
  if (!second) return tl::unexpected(second.error());
  const std::string differs = difference(*first, *second);
  if (!differs.empty()) return broken("the same request again: " + differs);
  return kept();
}

Result<Checked> sends_the_last_row_alone(CheckedProgram& program) {
  const auto engine = program.engine();
  if (!engine) return tl::unexpected(engine.error());
  const auto all = prompt_rows(**engine);
  if (!all) return tl::unexpected(all.error());
  const auto last = prompt_rows(**engine, Rows::last);
  if (!last) return tl::unexpected(last.error());
  if (!same_bits(all->back(), last->back()))
    return broken("the last row has other bits when it alone is asked for");
  return kept();
}

Result<Checked> continues(CheckedProgram& program) {
  const auto engine = program.engine();
  if (!engine) return tl::unexpected(engine.error());
  if (!(*engine)->info().capabilities.decode) return not_checked("it does not claim decode");
  const std::vector<TokenId> ids = some_ids((*engine)->info().settings);
  const std::span<const TokenId> view = ids;
  if (ids.size() < 3) return not_checked("its context holds too few positions");
  const auto whole = prompt_rows(**engine, Rows::last);
  if (!whole) return tl::unexpected(whole.error());
  for (const auto& [first, count] :
       {std::pair<size_t, size_t>{0, ids.size() - 2}, {ids.size() - 2, 1}}) {
    const auto part = rows_of(**engine, {.ids = view.subspan(first, count),
                                         .first = static_cast<int32_t>(first),
                                         .rows = Rows::last});
    if (!part) return tl::unexpected(part.error());
  }
  const auto step = rows_of(
      **engine,
      {.ids = view.last(1), .first = static_cast<int32_t>(ids.size()) - 1, .rows = Rows::last});
  if (!step) return tl::unexpected(step.error());
  const std::string fault = unrelated(step->back(), whole->back());
  if (fault.empty()) return kept();
  return broken("the last row, evaluated on top of the others, " + fault + " that of the whole");
}

Result<void> send_request(WorkerProcess& process, const EvaluateRequest& request) {
  return process.send(FrameType::evaluate,
                      {protocol::head_of(request).bytes(), bytes_of(request.ids)});
}

// A request that cannot be is answered by an error, and the program stays there for the next one.
Result<Checked> refuses_request(CheckedProgram& program, const EvaluateRequest& request,
                                const char* what) {
  const auto engine = program.engine();
  if (!engine) return tl::unexpected(engine.error());
  const std::vector<TokenId> ids = some_ids((*engine)->info().settings);
  const auto process = program.ready();
  if (!process) return tl::unexpected(process.error());
  if (auto sent = send_request(**process, request); !sent) return tl::unexpected(sent.error());
  auto answer = next_type(**process);
  if (!answer) return tl::unexpected(answer.error());
  if (*answer != FrameType::error) return broken(fmt::format("{}: no error answers it", what));
  if (auto sent = send_request(**process, {.ids = ids, .rows = Rows::last}); !sent)
    return tl::unexpected(sent.error());
  answer = next_type(**process);
  if (!answer) return tl::unexpected(answer.error());
  if (*answer != row_frame(rows_of((*engine)->info().settings)))
    return broken(fmt::format("{}: after it a proper request is not answered by a row", what));
  return kept();
}

Result<Checked> refuses_a_gap(CheckedProgram& program) {
  return refuses_request(program, {.ids = std::array<TokenId, 1>{0}, .first = 3},
                         "position 3 after none");
}

Result<Checked> refuses_an_unknown_id(CheckedProgram& program) {
  const auto engine = program.engine();
  if (!engine) return tl::unexpected(engine.error());
  const std::array<TokenId, 2> beyond = {0, (*engine)->info().settings.n_vocab};
  const std::array<TokenId, 1> negative = {-1};
  for (const std::span<const TokenId> ids : {std::span<const TokenId>(beyond), {negative}}) {
    auto checked = refuses_request(program, {.ids = ids}, "an id outside the vocabulary");
    if (!checked) return checked;
  }
  return kept();
}

Result<Checked> refuses_too_many(CheckedProgram& program) {
  constexpr int32_t kMost = 1 << 20;
  const auto engine = program.engine();
  if (!engine) return tl::unexpected(engine.error());
  const int32_t n_ctx = (*engine)->info().settings.n_ctx;
  if (n_ctx > kMost) return not_checked("its context is too large to be filled");
  const std::vector<TokenId> ids(static_cast<size_t>(n_ctx) + 1, 0);
  return refuses_request(program, {.ids = ids}, "more positions than fit");
}

Result<Checked> refuses_nothing(CheckedProgram& program) {
  return refuses_request(program, {}, "an evaluation of no ids");
}

Result<Checked> can_be_stopped(CheckedProgram& program) {
  const auto engine = program.engine();
  if (!engine) return tl::unexpected(engine.error());
  const auto before = prompt_rows(**engine);
  if (!before) return tl::unexpected(before.error());
  const std::vector<TokenId> ids = some_ids((*engine)->info().settings);
  const bool all = (*engine)->info().capabilities.all_logits;
  const auto stopped = (*engine)->evaluate({.ids = ids, .rows = all ? Rows::all : Rows::last},
                                           [](int32_t, const Row&) { return false; });
  if (!stopped) return tl::unexpected(stopped.error());
  const auto after = prompt_rows(**engine);
  if (!after) return tl::unexpected(after.error());
  const std::string differs = difference(*before, *after);
  if (!differs.empty()) return broken("after a cancel: " + differs);
  return kept();
}

Result<Checked> ignores_a_late_cancel(CheckedProgram& program) {
  const auto engine = program.engine();
  if (!engine) return tl::unexpected(engine.error());
  const std::vector<TokenId> ids = some_ids((*engine)->info().settings);
  const auto process = program.ready();
  if (!process) return tl::unexpected(process.error());
  if (auto sent = (*process)->send(FrameType::cancel); !sent) return tl::unexpected(sent.error());
  // Whoever reads on a thread of its own has seen it by then.
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  if (auto sent = send_request(**process, {.ids = ids, .rows = Rows::last}); !sent)
    return tl::unexpected(sent.error());
  const auto answer = next_type(**process);
  if (!answer) return tl::unexpected(answer.error());
  if (*answer == row_frame(rows_of((*engine)->info().settings))) return kept();
  return broken("a cancel with nothing under way stops the next request");
}

Result<Checked> tokenises(CheckedProgram& program) {
  const auto engine = program.engine();
  if (!engine) return tl::unexpected(engine.error());
  if (!(*engine)->info().capabilities.tokenize) return not_checked("it does not claim tokenize");
  const auto ids = (*engine)->tokenize("Hello there", {});
  if (!ids) return tl::unexpected(ids.error());
  const int32_t n_vocab = (*engine)->info().settings.n_vocab;
  const auto bad = std::ranges::find_if(*ids, [&](TokenId id) { return id < 0 || id >= n_vocab; });
  if (bad != ids->end()) return broken(fmt::format("a text has id {} of {}", *bad, n_vocab));
  const auto pieces = (*engine)->pieces(*ids);
  if (!pieces) return tl::unexpected(pieces.error());
  const auto end = (*engine)->is_end_of_generation(0);
  if (!end) return tl::unexpected(end.error());
  return kept();
}

/// One tensor of a trace, kept.
struct Shown {
  std::string name, op;
  int32_t first = 0;
  int64_t width = 0;
  std::vector<float> values;
  std::vector<uint64_t> hashes;  // in their place

  bool is_whole(int32_t positions) const {
    return first == 0 && (hashes.empty() ? std::ssize(values) == width * positions
                                         : std::ssize(hashes) == positions);
  }
  /// What it shows of its last position, alone.
  Shown last() const {
    Shown part = {name, op, first, width, {}, {}};
    if (!hashes.empty()) part.hashes = {hashes.back()};
    part.values.assign(values.end() - std::min<std::ptrdiff_t>(width, std::ssize(values)),
                       values.end());
    return part;
  }
  bool shows_the_same(const Shown& other) const {
    return hashes == other.hashes && values.size() == other.values.size() &&
           std::memcmp(values.data(), other.values.data(), values.size() * sizeof(float)) == 0;
  }
};

Result<std::vector<Shown>> trace_of(Engine& engine, const TraceRequest& request) {
  std::vector<Shown> all;
  const auto done = engine.trace(request, [&](const TraceTensor& t) {
    all.push_back({t.name,
                   t.op,
                   t.first_position,
                   t.width,
                   {t.data.begin(), t.data.end()},
                   {t.hashes.begin(), t.hashes.end()}});
    return true;
  });
  if (!done) return tl::unexpected(done.error());
  return all;
}

Result<Checked> traces_what_it_evaluates(CheckedProgram& program) {
  const auto engine = program.engine();
  if (!engine) return tl::unexpected(engine.error());
  if (!(*engine)->info().capabilities.trace) return not_checked("it does not claim trace");
  const std::vector<TokenId> ids = some_ids((*engine)->info().settings);
  const auto before = prompt_rows(**engine);
  if (!before) return tl::unexpected(before.error());
  const auto shown = trace_of(**engine, {.ids = ids});
  if (!shown) return tl::unexpected(shown.error());
  if (shown->empty()) return broken("a trace of everything shows nothing");
  const auto after = prompt_rows(**engine);
  if (!after) return tl::unexpected(after.error());
  if (const std::string differs = difference(*before, *after); !differs.empty())
    return broken("after a trace: " + differs);
  const auto logits = std::ranges::find(*shown, "result_output", &Shown::name);
  if (logits == shown->end()) return kept();
  const Row row = before->back().view();
  Shown evaluated;
  evaluated.values.assign(row.logits.begin(), row.logits.end());
  if (row.content == RowContent::hashes) evaluated.hashes = {row.hash.hash};
  if (row.content != RowContent::top && !logits->last().shows_the_same(evaluated))
    return broken("traced logits have other bits");
  return kept();
}

Result<Checked> selects(CheckedProgram& program) {
  const auto engine = program.engine();
  if (!engine) return tl::unexpected(engine.error());
  if (!(*engine)->info().capabilities.trace) return not_checked("it does not claim trace");
  const std::vector<TokenId> ids = some_ids((*engine)->info().settings);
  const auto all = trace_of(**engine, {.ids = ids});
  if (!all) return tl::unexpected(all.error());
  const auto end = static_cast<int32_t>(ids.size());
  const auto whole = std::ranges::find_if(*all, [&](const Shown& tensor) {
    return tensor.is_whole(end) && std::ranges::count(*all, tensor.name, &Shown::name) == 1;
  });
  if (whole == all->end()) return not_checked("no tensor comes once and whole");
  const auto part = trace_of(
      **engine, {.ids = ids, .selection = {.names = {whole->name}, .positions = {end - 1, end}}});
  if (!part) return tl::unexpected(part.error());
  if (part->size() != 1)
    return broken(fmt::format("{} alone is shown {} times", whole->name, part->size()));
  if (part->front().first != end - 1 || !part->front().shows_the_same(whole->last()))
    return broken(fmt::format("{} alone is not what it is in a trace of everything", whole->name));
  return kept();
}

// Idle, and in the middle of an evaluation.
Result<Checked> ends_with_its_input(CheckedProgram& program) {
  const auto engine = program.engine();
  if (!engine) return tl::unexpected(engine.error());
  const std::vector<TokenId> ids = some_ids((*engine)->info().settings);
  for (const bool busy : {false, true}) {
    const auto process = program.ready();
    if (!process) return tl::unexpected(process.error());
    const EvaluateRequest request = {.ids = ids};
    if (busy) {
      auto sent = (*process)->send(FrameType::evaluate,
                                   {protocol::head_of(request).bytes(), bytes_of(request.ids)});
      if (!sent) return tl::unexpected(sent.error());
    }
    if (!(*process)->hang_up(kPatience))
      return broken(fmt::format("it goes on after the end of its input{}",
                                busy ? " in the middle of an evaluation" : ""));
  }
  return kept();
}

Result<Checked> shuts_down(CheckedProgram& program) {
  const auto process = program.ready();
  if (!process) return tl::unexpected(process.error());
  if (auto sent = (*process)->send(FrameType::shutdown); !sent) return tl::unexpected(sent.error());
  const auto end = (*process)->await_end(kPatience);
  if (!end) return broken("it goes on after shutdown");
  if (end->signal != 0 || end->exit_status != 0)
    return broken(fmt::format("after shutdown it {}", describe(*end)));
  return kept();
}

constexpr Rule kRules[] = {
    {"ready", "hello is answered by ready, with what it has to say", gets_ready},
    {"settings", "settings that crossval sends to every engine are taken",
     takes_crossvals_settings},
    {"unknown-setting", "a setting that it does not know is refused", refuses_an_unknown_setting},
    {"other-version", "versions that it does not speak are refused", refuses_another_version},
    {"kv-type", "ready says in which type keys and values are kept", says_its_kv_type},
    {"rows", "one row a position, in order, n_vocab wide, then done", sends_its_rows},
    {"top-rows", "most likely tokens come first, each once, with ln p of one distribution",
     lists_most_likely_tokens},
    {"row-hashes", "no row or tensor has the hash 0, and the highest logit is a token",
     hashes_rows_and_tensors},
    {"same-bits", "the same request gives the same bits", repeats_its_bits},
    {"last-row", "the last row alone, where that is asked for", sends_the_last_row_alone},
    {"continues", "an evaluation goes on from the positions before", continues},
    {"gap", "a first position that does not follow is an error", refuses_a_gap},
    {"unknown-id", "an id outside the vocabulary is an error", refuses_an_unknown_id},
    {"too-many", "more positions than n_ctx are an error", refuses_too_many},
    {"no-ids", "no ids are an error", refuses_nothing},
    {"cancel", "a cancel ends in done, and the next request starts over", can_be_stopped},
    {"late-cancel", "a cancel with nothing under way is ignored", ignores_a_late_cancel},
    {"tokenize", "ids of the vocabulary, a piece for each, 0 or 1 for the end", tokenises},
    {"trace", "a trace shows something and changes no bit", traces_what_it_evaluates},
    {"selection", "a selection is that part of a trace of everything", selects},
    {"end-of-input", "it ends when its input does", ends_with_its_input},
    {"shutdown", "it ends with status 0 when it is told to", shuts_down},
};

}  // namespace

std::span<const Rule> conformance_rules() { return kRules; }

}  // namespace crossval
