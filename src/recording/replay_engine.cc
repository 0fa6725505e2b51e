#include "recording/replay_engine.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "engine/stored_row.h"
#include "engine/tensor_part.h"
#include "protocol/answers.h"
#include "recording/contents.h"
#include "recording/file.h"

namespace crossval {
namespace {

using protocol::FrameType;

class Replay : public ReplayEngine {
 public:
  Replay(RecordingFile file, RecordingContents contents)
      : file_(std::move(file)), contents_(std::move(contents)) {
    Capabilities& can = contents_.info.capabilities;
    can.tokenize = can.tokenize && !contents_.tokenisations.empty();
    can.decode = true;  // as far as it was recorded
    can.trace = !contents_.traces.empty();
    can.state = can.trace && can.state;
    for (const ModelPart& part : contents_.facts.model)
      contents_.info.settings.model_sha256.push_back(part.sha256);
    if (file_.dropped_bytes() >= 0) {
      contents_.info.warnings.push_back(
          {"recording-cut-off",
           fmt::format(
               "{} was cut off: it is read to its last whole frame, {} bytes before its end",
               file_.path(), file_.dropped_bytes())});
    }
  }

  const EngineInfo& info() const override { return contents_.info; }
  const RecordingFacts& facts() const override { return contents_.facts; }

  // Of a file that was cut off, as far as there are rows.
  std::span<const TokenId> ids() const override {
    if (contents_.runs.empty()) return {};
    const RecordedRun& run = contents_.runs.front();
    return std::span(run.ids).first(std::min(run.ids.size(), run.rows.size()));
  }
  int32_t prompt_positions() const override {
    return contents_.runs.empty() ? 0 : contents_.runs.front().prompt;
  }

  Result<std::vector<TokenId>> tokenize(std::string_view text,
                                        const TokenizeOptions& options) override {
    for (const RecordedTokenisation& known : contents_.tokenisations) {
      if (known.text == text && known.options.add_special == options.add_special &&
          known.options.parse_special == options.parse_special)
        return known.ids;
    }
    return fail(ExitCode::usage, "the recording is of another prompt", where(),
                "Give the prompt that was recorded, or none at all.");
  }

  Result<std::vector<std::string>> pieces(std::span<const TokenId> ids) override {
    std::vector<std::string> pieces;
    pieces.reserve(ids.size());
    for (const TokenId id : ids) {
      const auto known = contents_.pieces.find(id);
      pieces.push_back(known == contents_.pieces.end() ? std::string() : known->second);
    }
    return pieces;
  }

  Result<bool> is_end_of_generation(TokenId id) override {
    const auto known = contents_.ends.find(id);
    return known != contents_.ends.end() && known->second;
  }

 private:
  std::string where() const { return "recording " + file_.path(); }

  Result<Outcome> compute_rows(const EvaluateRequest& request, const RowSink& sink) override {
    if (request.first == 0) sequence_.clear();
    sequence_.insert(sequence_.end(), request.ids.begin(), request.ids.end());
    const auto run = find_run();
    if (!run) return tl::unexpected(run.error());
    const auto end = static_cast<int32_t>(sequence_.size());
    for (int32_t position = request.rows == Rows::last ? end - 1 : request.first; position < end;
         ++position) {
      const auto entry = (*run)->rows.find(position);
      if (entry == (*run)->rows.end()) return no_row(position);
      const auto row = read_row(entry->second, position);
      if (!row) return tl::unexpected(row.error());
      if (!sink(position, *row)) return Outcome::stopped;
    }
    return Outcome::complete;
  }

  // The run that begins with what has been evaluated.
  Result<const RecordedRun*> find_run() const {
    size_t longest = 0;
    const RecordedRun* nearest = nullptr;
    for (const RecordedRun& run : contents_.runs) {
      const auto [mine, theirs] = std::ranges::mismatch(sequence_, run.ids);
      if (mine == sequence_.end()) return &run;
      const auto same = static_cast<size_t>(mine - sequence_.begin());
      if (nearest == nullptr || same > longest) {
        longest = same;
        nearest = &run;
      }
    }
    return unknown(longest, nearest == nullptr ? std::vector<TokenId>{} : nearest->ids);
  }

  tl::unexpected<Error> unknown(size_t at, const std::vector<TokenId>& recorded) const {
    const std::string asked = fmt::format("token {} at position {}", sequence_[at], at);
    if (at >= recorded.size()) {
      return fail(
          ExitCode::usage,
          fmt::format("the recording ends after {} positions, and {} is asked for", at, asked),
          where(), "Record more decode steps, or give --max-tokens 0.");
    }
    return fail(ExitCode::usage,
                fmt::format("{} is asked for, and the recording goes on with token {}", asked,
                            recorded[at]),
                where(),
                "A recording has one continuation: make it the reference, whose choices both "
                "follow, or give --max-tokens 0.");
  }

  tl::unexpected<Error> no_row(int32_t position) const {
    return fail(ExitCode::usage, fmt::format("the recording has no row of position {}", position),
                where(),
                file_.dropped_bytes() >= 0 ? "It was cut off there: record it again." : "");
  }

  // Views row_.
  Result<Row> read_row(const FrameEntry& entry, int32_t due) {
    const auto payload = file_.payload(entry);
    if (!payload) return tl::unexpected(payload.error());
    int32_t position = -1;
    const bool whole = row_.parse(entry.type, *payload, contents_.info.settings.n_vocab, position);
    file_.release(*payload);
    if (!whole || position != due) {
      return file_.damaged(entry.offset,
                           fmt::format("a malformed {} frame", protocol::name_of(entry.type)));
    }
    return row_.view();
  }

  Result<Outcome> compute_tensors(const TraceRequest& request, const TensorSink& sink) override {
    if (request.first == 0) sequence_.clear();
    sequence_.insert(sequence_.end(), request.ids.begin(), request.ids.end());
    const auto trace = std::ranges::find_if(contents_.traces, [&](const RecordedTrace& t) {
      return t.ids.size() >= sequence_.size() &&
             std::ranges::equal(sequence_, std::span(t.ids).first(sequence_.size()));
    });
    if (trace == contents_.traces.end()) {
      return fail(
          ExitCode::usage,
          fmt::format("the recording has no tensors of these {} positions", sequence_.size()),
          where());
    }
    const auto end = static_cast<int32_t>(sequence_.size());
    TraceTensor tensor;
    for (const FrameEntry& entry : trace->tensors) {
      const auto payload = file_.payload(entry);
      if (!payload) return tl::unexpected(payload.error());
      const bool whole = parse(entry, *payload, static_cast<int32_t>(trace->ids.size()), tensor);
      file_.release(*payload);
      if (!whole) {
        return file_.damaged(entry.offset,
                             fmt::format("a malformed {} frame", protocol::name_of(entry.type)));
      }
      if (entry.type == FrameType::sources) continue;
      const Range asked = {tensor.op == kStateOp ? 0 : request.first, end};
      const Range has = {tensor.first_position, tensor.first_position + tensor.positions};
      if (const Range both = asked.within(has); !both.empty() && !sink(part_of(tensor, both)))
        return Outcome::stopped;
      tensor = {};
    }
    return Outcome::complete;
  }

  bool parse(const FrameEntry& entry, protocol::Bytes payload, int32_t end, TraceTensor& tensor) {
    if (entry.type == FrameType::sources) return protocol::parse_sources(payload, tensor);
    return entry.type == FrameType::tensor
               ? protocol::parse_tensor(payload, end, tensor, values_)
               : protocol::parse_tensor_hashes(payload, end, tensor, hashes_);
  }

  RecordingFile file_;
  RecordingContents contents_;
  std::vector<TokenId> sequence_;  // evaluated or traced so far
  // What is handed out.
  StoredRow row_;
  std::vector<float> values_;
  std::vector<uint64_t> hashes_;
};

}  // namespace

Result<std::unique_ptr<ReplayEngine>> open_recording(const std::string& path) {
  auto file = RecordingFile::open(path);
  if (!file) return tl::unexpected(file.error());
  auto contents = read_recording(*file);
  if (!contents) return tl::unexpected(contents.error());
  return std::make_unique<Replay>(*std::move(file), *std::move(contents));
}

}  // namespace crossval
