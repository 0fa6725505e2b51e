// Writes a recording, frame by frame.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/partial_file.h"
#include "engine/info.h"
#include "engine/row.h"
#include "protocol/answers.h"
#include "protocol/frame.h"
#include "recording/facts.h"

namespace crossval {

/// Streams: nothing but the index (14 bytes a frame) is held. The file gets its name in finish();
/// until then it is PATH.partial, which is a recording too, cut off. Every error is cannot_write.
class RecordingWriter {
 public:
  /// Begins with what the recording is of and who computes; `info` says what rows the engine gives,
  /// not what is recorded of them.
  static Result<std::unique_ptr<RecordingWriter>> create(const std::string& path,
                                                         const RecordingFacts& facts,
                                                         const EngineInfo& info);

  Result<void> put(protocol::FrameType type, std::initializer_list<protocol::Bytes> parts = {});
  /// A text without a place in the protocol's payloads: ready, warning.
  Result<void> put_text(protocol::FrameType type, std::string_view text);
  /// The row as it comes.
  Result<void> put_row(int32_t position, const Row& row);
  /// Its sources, where they are known, then the tensor; positions that would not fit into a frame
  /// go into others.
  Result<void> put_tensor(const TraceTensor& tensor);

  /// Index and end, then the file's name. Nothing can be written afterwards.
  Result<void> finish();

  uint64_t bytes() const { return bytes_; }

 private:
  struct Entry {
    protocol::FrameType type;
    uint32_t length;
    uint64_t offset;
  };
  explicit RecordingWriter(std::unique_ptr<PartialFile> file) : file_(std::move(file)) {}
  Result<void> put_index(uint64_t& first);

  std::unique_ptr<PartialFile> file_;
  std::vector<Entry> index_;
  uint64_t bytes_ = 0;
};

}  // namespace crossval
