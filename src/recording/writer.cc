#include "recording/writer.h"

#include <algorithm>

#include "engine/info_json.h"
#include "engine/stored_row.h"
#include "protocol/payload.h"
#include "recording/file.h"

namespace crossval {
namespace {

using protocol::Bytes;
using protocol::bytes_of;
using protocol::FrameType;

constexpr size_t kEntriesOfAFrame = protocol::kMaxPayload / kIndexEntry;

std::string_view text_of(Bytes bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace

Result<std::unique_ptr<RecordingWriter>> RecordingWriter::create(const std::string& path,
                                                                 const RecordingFacts& facts,
                                                                 const EngineInfo& info) {
  auto file = PartialFile::create(path);
  if (!file) return tl::unexpected(file.error());
  std::unique_ptr<RecordingWriter> writer(new RecordingWriter(*std::move(file)));
  if (auto ok = writer->put_text(FrameType::recording, recording_facts_json(facts)); !ok)
    return tl::unexpected(ok.error());
  if (auto ok = writer->put_text(FrameType::ready, engine_info_json(info)); !ok)
    return tl::unexpected(ok.error());
  return writer;
}

Result<void> RecordingWriter::put(FrameType type, std::initializer_list<Bytes> parts) {
  const protocol::HeaderBytes header = protocol::make_header(type, {parts.begin(), parts.size()});
  Entry entry{type, 0, bytes_};
  if (auto ok = file_->append(text_of(header)); !ok) return ok;
  for (const Bytes part : parts) {
    entry.length += static_cast<uint32_t>(part.size());
    if (auto ok = file_->append(text_of(part)); !ok) return ok;
  }
  bytes_ += protocol::kHeaderBytes + entry.length;
  index_.push_back(entry);
  return {};
}

Result<void> RecordingWriter::put_text(FrameType type, std::string_view text) {
  return put(type, {bytes_of(text)});
}

Result<void> RecordingWriter::put_row(int32_t position, const Row& row) {
  const FrameType type = row_frame(row.content);
  if (row.content == RowContent::top)
    return put(type, {protocol::payload_of(position, *row.top).bytes()});
  if (row.content == RowContent::hashes)
    return put(type, {protocol::payload_of(position, row.hash).bytes()});
  return put(type, {bytes_of(std::span<const int32_t>(&position, 1)), bytes_of(row.logits)});
}

Result<void> RecordingWriter::put_tensor(const TraceTensor& tensor) {
  if (!tensor.weight.empty() || !tensor.inputs.empty()) {
    if (auto ok = put(FrameType::sources, {protocol::sources_of(tensor).bytes()}); !ok) return ok;
  }
  if (!tensor.hashes.empty()) {
    return put(FrameType::tensor_hashes,
               {protocol::head_of(tensor).bytes(), bytes_of(tensor.hashes)});
  }
  TraceTensor part = tensor;
  const size_t head = protocol::head_of(part).bytes().size();
  const auto width = static_cast<size_t>(tensor.width);
  const size_t fit = std::max<size_t>(1, (protocol::kMaxPayload - head) / (width * sizeof(float)));
  const auto count = static_cast<size_t>(tensor.positions);
  for (size_t at = 0; at < count; at += fit) {
    const size_t n = std::min(fit, count - at);
    part.first_position = tensor.first_position + static_cast<int32_t>(at);
    part.positions = static_cast<int32_t>(n);
    const auto values = tensor.data.subspan(at * width, n * width);
    if (auto ok = put(FrameType::tensor, {protocol::head_of(part).bytes(), bytes_of(values)}); !ok)
      return ok;
  }
  return {};
}

Result<void> RecordingWriter::put_index(uint64_t& first) {
  first = bytes_;
  const std::vector<Entry> all = std::move(index_);  // put() notes its own frames
  for (size_t at = 0; at < all.size(); at += kEntriesOfAFrame) {
    protocol::PayloadWriter payload;
    for (size_t i = at; i < std::min(at + kEntriesOfAFrame, all.size()); ++i)
      payload.put(static_cast<uint16_t>(all[i].type)).put(all[i].length).put(all[i].offset);
    if (auto ok = put(FrameType::index, {payload.bytes()}); !ok) return ok;
  }
  return {};
}

Result<void> RecordingWriter::finish() {
  uint64_t first = 0;
  if (auto ok = put_index(first); !ok) return ok;
  if (auto ok = put(FrameType::end, {bytes_of(std::span<const uint64_t>(&first, 1))}); !ok)
    return ok;
  return file_->finish();
}

}  // namespace crossval
