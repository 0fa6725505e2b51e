#include "recording/file.h"

#include <fmt/format.h>

#include <cstring>

#include "protocol/payload.h"

namespace crossval {
namespace {

using protocol::Bytes;
using protocol::FrameType;
using protocol::HeaderBytes;
using protocol::HeaderProblem;
using protocol::kHeaderBytes;

constexpr size_t kEndBytes = kHeaderBytes + sizeof(uint64_t);

// Of a file that has at least that many bytes from there on.
HeaderBytes header_at(Bytes file, uint64_t offset) {
  HeaderBytes header;
  std::memcpy(header.data(), file.data() + offset, kHeaderBytes);
  return header;
}

}  // namespace

bool is_recording(Bytes bytes) {
  protocol::Header header;
  return bytes.size() >= kHeaderBytes &&
         protocol::read_header(header_at(bytes, 0), header) != HeaderProblem::not_a_frame &&
         header.type == FrameType::recording;
}

tl::unexpected<Error> RecordingFile::damaged(uint64_t offset, std::string what) const {
  return fail(ExitCode::bad_input_file, "the recording is damaged: " + std::move(what),
              fmt::format("{}, offset {}", path(), offset), "Copy or record it again.");
}

Result<RecordingFile> RecordingFile::open(const std::string& path) {
  auto mapped = MappedFile::open(path);
  if (!mapped) return tl::unexpected(mapped.error());
  RecordingFile file(*std::move(mapped));
  if (!is_recording(file.file_.bytes())) {
    return fail(ExitCode::bad_input_file, "this is no recording", path,
                "crossval record -o FILE writes one; docs/recording.md says what it looks like.");
  }
  if (auto ok = file.choose_checksum(); !ok) return tl::unexpected(ok.error());
  const auto indexed = file.read_index();
  if (!indexed) return tl::unexpected(indexed.error());
  if (!*indexed) {
    if (auto ok = file.scan(); !ok) return tl::unexpected(ok.error());
  }
  return file;
}

// The first frame's, and so all others'.
Result<void> RecordingFile::choose_checksum() {
  const Bytes bytes = file_.bytes();
  const HeaderBytes head = header_at(bytes, 0);
  protocol::Header header;
  protocol::read_header(head, header);
  if (header.length > bytes.size() - kHeaderBytes)
    return damaged(0, "it ends within its description");
  const auto found = protocol::find_checksum(head, bytes.subspan(kHeaderBytes, header.length));
  if (!found || *found == protocol::Checksum::none)
    return damaged(0, "its description is not what was written");
  checksum_ = *found;
  return {};
}

// False: there is no end frame.
Result<bool> RecordingFile::read_index() {
  const Bytes bytes = file_.bytes();
  if (bytes.size() < kEndBytes) return false;
  const uint64_t at = bytes.size() - kEndBytes;
  protocol::Header header;
  const HeaderBytes end = header_at(bytes, at);
  if (protocol::read_header(end, header) != HeaderProblem::none || header.type != FrameType::end ||
      header.length != sizeof(uint64_t))
    return false;
  const auto where = payload({FrameType::end, header.length, at});
  if (!where) return tl::unexpected(where.error());
  uint64_t offset = 0;
  protocol::PayloadReader(*where).get(offset);
  while (offset != at) {
    if (at < kHeaderBytes || offset > at - kHeaderBytes ||
        protocol::read_header(header_at(bytes, offset), header) != HeaderProblem::none ||
        header.type != FrameType::index)
      return damaged(offset, "there is no index where its end says");
    const auto index = payload({FrameType::index, header.length, offset});
    if (!index) return tl::unexpected(index.error());
    protocol::PayloadReader reader(*index);
    if (reader.left() % kIndexEntry != 0) return damaged(offset, "its index is cut");
    if (frames_.size() + reader.left() / kIndexEntry > kMostFrames)
      return damaged(offset, fmt::format("it has more than {} frames", kMostFrames));
    frames_.reserve(frames_.size() + reader.left() / kIndexEntry);
    while (reader.left() > 0) {
      uint16_t type = 0;
      FrameEntry entry;
      reader.get(type);
      reader.get(entry.length);
      reader.get(entry.offset);
      entry.type = static_cast<FrameType>(type);
      frames_.push_back(entry);
    }
    offset += kHeaderBytes + header.length;
  }
  return true;
}

Result<void> RecordingFile::scan() {
  const Bytes bytes = file_.bytes();
  uint64_t at = 0;
  bool indexed = false;
  while (bytes.size() - at >= kHeaderBytes) {
    protocol::Header header;
    const HeaderProblem problem = protocol::read_header(header_at(bytes, at), header);
    if (problem != HeaderProblem::none) return damaged(at, "there is no frame");
    if (header.length > bytes.size() - at - kHeaderBytes) break;
    if (header.type == FrameType::index) {
      if (const auto whole = payload({header.type, header.length, at}); !whole)
        return tl::unexpected(whole.error());
      indexed = true;
    }
    if (header.type != FrameType::index) frames_.push_back({header.type, header.length, at});
    if (frames_.size() > kMostFrames)
      return damaged(at, fmt::format("it has more than {} frames", kMostFrames));
    at += kHeaderBytes + header.length;
  }
  // Behind an index there is room for an end: it is not one.
  if (indexed && bytes.size() - at >= kEndBytes) return damaged(at, "there is no end");
  dropped_bytes_ = static_cast<int64_t>(bytes.size() - at);
  return {};
}

Result<Bytes> RecordingFile::payload(const FrameEntry& entry) const {
  const Bytes bytes = file_.bytes();
  const bool inside = bytes.size() >= kHeaderBytes && entry.offset <= bytes.size() - kHeaderBytes &&
                      entry.length <= bytes.size() - kHeaderBytes - entry.offset;
  if (!inside) return damaged(entry.offset, "a frame lies beyond its end");
  protocol::Header header;
  const HeaderBytes head = header_at(bytes, entry.offset);
  const Bytes payload = bytes.subspan(entry.offset + kHeaderBytes, entry.length);
  if (protocol::read_header(head, header) != HeaderProblem::none || header.type != entry.type ||
      header.length != entry.length || !protocol::checksum_matches(head, payload, checksum_))
    return damaged(entry.offset, "a frame is not what was written");
  return payload;
}

}  // namespace crossval
