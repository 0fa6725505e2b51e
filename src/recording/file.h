// A recording's frames, found and checked.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/mapped_file.h"
#include "protocol/frame.h"

namespace crossval {

/// Bytes of a frame's entry in the index: its kind, its position, its offset.
inline constexpr size_t kIndexEntry = sizeof(uint16_t) + sizeof(uint32_t) + sizeof(uint64_t);

struct FrameEntry {
  protocol::FrameType type{};
  uint32_t length = 0;  // of the payload, in bytes
  uint64_t offset = 0;  // of the header in the file
};

class RecordingFile {
 public:
  /// Finds the frames: by the index of a file that was ended, else header by header, to the last
  /// whole frame of one that was cut off. Errors (bad_input_file, with the offset): missing or
  /// unreadable, no recording, damaged, more frames than kMostFrames.
  static Result<RecordingFile> open(const std::string& path);

  static constexpr size_t kMostFrames = size_t{1} << 24;

  const std::string& path() const { return file_.path(); }
  /// The description and the conversation, in order.
  const std::vector<FrameEntry>& frames() const { return frames_; }
  /// Bytes behind the last whole frame of a file that was cut off; -1: it was ended.
  int64_t dropped_bytes() const { return dropped_bytes_; }

  /// Views the file, which lives as long as this. Errors (bad_input_file, with the offset): the
  /// frame is not what was written.
  Result<protocol::Bytes> payload(const FrameEntry& entry) const;

  /// Its memory is given back; it may be read again.
  void release(protocol::Bytes payload) const { file_.release(payload); }

  /// What is wrong at an offset.
  tl::unexpected<Error> damaged(uint64_t offset, std::string what) const;

 private:
  explicit RecordingFile(MappedFile file) : file_(std::move(file)) {}
  Result<void> choose_checksum();
  Result<bool> read_index();
  Result<void> scan();

  MappedFile file_;
  protocol::Checksum checksum_ = protocol::Checksum::xxh3;
  std::vector<FrameEntry> frames_;
  int64_t dropped_bytes_ = -1;
};

/// Whether a file begins as a recording does.
bool is_recording(protocol::Bytes bytes);

}  // namespace crossval
