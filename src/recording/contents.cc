#include "recording/contents.h"

#include <fmt/format.h>

#include "engine/info_json.h"
#include "engine/stored_row.h"
#include "protocol/answers.h"
#include "protocol/payload.h"
#include "protocol/request.h"

namespace crossval {
namespace {

using protocol::Bytes;
using protocol::FrameType;
using protocol::PayloadReader;

class Reading {
 public:
  explicit Reading(const RecordingFile& file) : file_(file) {}

  Result<RecordingContents> read() {
    for (const FrameEntry& entry : file_.frames()) {
      if (is_left_in_file(entry.type)) {
        if (auto ok = keep(entry); !ok) return tl::unexpected(ok.error());
        continue;
      }
      const auto payload = file_.payload(entry);
      if (!payload) return tl::unexpected(payload.error());
      auto ok = take(entry, *payload);
      if (!ok) return tl::unexpected(ok.error());
    }
    if (!described_ || contents_.info.settings.n_vocab == 0)
      return file_.damaged(0, "it ends before the engine has said who it is");
    return std::move(contents_);
  }

 private:
  static bool is_left_in_file(FrameType type) {
    return type == FrameType::row || type == FrameType::top_row || type == FrameType::row_hash ||
           type == FrameType::tensor || type == FrameType::tensor_hashes ||
           type == FrameType::sources;
  }

  // Rows follow the evaluation that they answer, tensors their trace.
  Result<void> keep(const FrameEntry& entry) {
    const bool row = entry.type == FrameType::row || entry.type == FrameType::top_row ||
                     entry.type == FrameType::row_hash;
    if (asked_ != (row ? FrameType::evaluate : FrameType::trace)) return out_of_turn(entry);
    const RowContent content = rows_of(contents_.info.settings);
    const FrameType said = row ? row_frame(content) : tensor_frame(content);
    if (entry.type != said && entry.type != FrameType::sources) return malformed(entry);
    if (!row) {
      contents_.traces.back().tensors.push_back(entry);
      return {};
    }
    RecordedRun& run = contents_.runs.back();
    if (due_ >= std::ssize(run.ids)) return out_of_turn(entry);
    run.rows[due_++] = entry;
    return {};
  }

  Result<void> take(const FrameEntry& entry, Bytes payload) {
    switch (entry.type) {
      case FrameType::recording:
        return describe(entry, payload);
      case FrameType::ready:
        return introduce(entry, payload);
      case FrameType::warning: {
        auto warning = parse_engine_warning(PayloadReader(payload).rest_text());
        if (!warning) return malformed(entry);
        contents_.info.warnings.push_back(*std::move(warning));
        return {};
      }
      case FrameType::tokenize:
        return ask_tokenize(entry, payload);
      case FrameType::ids:
        if (asked_ != FrameType::tokenize) return out_of_turn(entry);
        return answered(entry, protocol::parse_ids(payload, contents_.tokenisations.back().ids));
      case FrameType::pieces:
        asked_ = entry.type;
        return protocol::parse_ids(payload, ids_) ? Result<void>{} : malformed(entry);
      case FrameType::piece_bytes:
        return take_pieces(entry, payload);
      case FrameType::is_end_of_generation:
        asked_ = entry.type;
        return protocol::parse_ids(payload, ids_) && ids_.size() == 1 ? Result<void>{}
                                                                      : malformed(entry);
      case FrameType::end_of_generation: {
        if (asked_ != FrameType::is_end_of_generation) return out_of_turn(entry);
        bool end = false;
        const bool whole = protocol::parse_flag(payload, end);
        contents_.ends[ids_[0]] = end;
        return answered(entry, whole);
      }
      case FrameType::evaluate:
        return ask_evaluate(entry, payload);
      case FrameType::trace:
        return ask_trace(entry, payload);
      case FrameType::done:
        if (asked_ != FrameType::evaluate && asked_ != FrameType::trace) return out_of_turn(entry);
        asked_ = {};
        return {};
      default:
        return out_of_turn(entry);
    }
  }

  Result<void> describe(const FrameEntry& entry, Bytes payload) {
    auto facts = parse_recording_facts(PayloadReader(payload).rest_text());
    if (!facts) return attributed(entry, facts.error());
    if (described_) return out_of_turn(entry);
    described_ = true;
    contents_.facts = *std::move(facts);
    return {};
  }

  Result<void> introduce(const FrameEntry& entry, Bytes payload) {
    auto info = parse_engine_info(PayloadReader(payload).rest_text());
    if (!info) return attributed(entry, info.error());
    contents_.info = *std::move(info);
    return {};
  }

  Result<void> ask_tokenize(const FrameEntry& entry, Bytes payload) {
    PayloadReader reader(payload);
    uint8_t flags = 0;
    if (!reader.get(flags)) return malformed(entry);
    asked_ = entry.type;
    contents_.tokenisations.push_back(
        {{(flags & protocol::kAddSpecial) != 0, (flags & protocol::kParseSpecial) != 0},
         std::string(reader.rest_text()),
         {}});
    return {};
  }

  Result<void> take_pieces(const FrameEntry& entry, Bytes payload) {
    if (asked_ != FrameType::pieces) return out_of_turn(entry);
    std::vector<std::string> pieces;
    if (!protocol::parse_pieces(payload, ids_.size(), pieces)) return malformed(entry);
    for (size_t i = 0; i < ids_.size(); ++i) contents_.pieces[ids_[i]] = std::move(pieces[i]);
    asked_ = {};
    return {};
  }

  Result<void> ask_evaluate(const FrameEntry& entry, Bytes payload) {
    EvaluateRequest request;
    if (!protocol::parse(payload, request, ids_) || ids_.empty()) return malformed(entry);
    if (request.first == 0) contents_.runs.emplace_back();
    if (contents_.runs.empty() || request.first != std::ssize(contents_.runs.back().ids))
      return out_of_turn(entry);
    std::vector<TokenId>& ids = contents_.runs.back().ids;
    ids.insert(ids.end(), ids_.begin(), ids_.end());
    if (request.first == 0) contents_.runs.back().prompt = static_cast<int32_t>(ids_.size());
    due_ = request.rows == Rows::last ? static_cast<int32_t>(ids.size()) - 1 : request.first;
    asked_ = entry.type;
    return {};
  }

  Result<void> ask_trace(const FrameEntry& entry, Bytes payload) {
    TraceRequest request;
    if (!protocol::parse(payload, request, ids_) || ids_.empty() || request.first != 0)
      return malformed(entry);
    contents_.traces.push_back({ids_, {}});
    asked_ = entry.type;
    return {};
  }

  Result<void> answered(const FrameEntry& entry, bool whole) {
    asked_ = {};
    return whole ? Result<void>{} : malformed(entry);
  }
  Result<void> malformed(const FrameEntry& entry) const {
    return file_.damaged(entry.offset, fmt::format("a malformed {} frame", name_of(entry)));
  }
  Result<void> out_of_turn(const FrameEntry& entry) const {
    return file_.damaged(entry.offset, fmt::format("a frame out of turn: {}", name_of(entry)));
  }
  Result<void> attributed(const FrameEntry& entry, const Error& error) const {
    return fail(ExitCode::bad_input_file, error.what,
                fmt::format("{}, offset {}", file_.path(), entry.offset));
  }
  static std::string name_of(const FrameEntry& entry) {
    const char* name = protocol::name_of(entry.type);
    return name != nullptr ? name : fmt::format("type {}", static_cast<int>(entry.type));
  }

  const RecordingFile& file_;
  RecordingContents contents_;
  bool described_ = false;
  FrameType asked_{};         // what is being answered
  std::vector<TokenId> ids_;  // of it
  int32_t due_ = 0;           // position of the next row
};

}  // namespace

Result<RecordingContents> read_recording(const RecordingFile& file) { return Reading(file).read(); }

}  // namespace crossval
