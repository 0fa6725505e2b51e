// Recordings: the file as it comes; and, as no fuzzer guesses a checksum, one whose frames are put
// together from the input (u16 type, u16 length, payload, over and over) with right ones. What
// opens is played back.
#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <vector>

#include "protocol/frame.h"
#include "recording/replay_engine.h"

namespace {

using namespace crossval;

void append(std::vector<std::byte>& file, protocol::Bytes bytes) {
  file.insert(file.end(), bytes.begin(), bytes.end());
}

std::vector<std::byte> with_checksums(protocol::Bytes rest) {
  std::vector<std::byte> file;
  while (rest.size() >= 4) {
    uint16_t type = 0, length = 0;
    std::memcpy(&type, rest.data(), sizeof type);
    std::memcpy(&length, rest.data() + 2, sizeof length);
    const protocol::Bytes payload = rest.subspan(4, std::min<size_t>(length, rest.size() - 4));
    rest = rest.subspan(4 + payload.size());
    append(file,
           protocol::make_header(static_cast<protocol::FrameType>(type), std::span(&payload, 1)));
    append(file, payload);
  }
  return file;
}

void play(protocol::Bytes bytes) {
  const int file = ::memfd_create("fuzz", MFD_CLOEXEC);
  const bool written =
      ::write(file, bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size());
  const auto engine = open_recording("/proc/self/fd/" + std::to_string(file));
  ::close(file);
  if (!written || !engine) return;
  const EngineSettings& settings = (*engine)->info().settings;
  const auto ids = (*engine)->ids();
  int32_t rows = 0;
  const auto done = (*engine)->evaluate({.ids = ids}, [&](int32_t position, const Row& row) {
    if (position != rows++) __builtin_trap();
    if (row.content == RowContent::logits && std::ssize(row.logits) != settings.n_vocab)
      __builtin_trap();
    return true;
  });
  if (done && rows != std::ssize(ids)) __builtin_trap();
  (void)(*engine)->trace({.ids = ids}, [](const TraceTensor&) { return true; });
  (void)(*engine)->pieces(ids);
  (void)(*engine)->tokenize("a", {});
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const protocol::Bytes input = std::as_bytes(std::span(data, size));
  play(input);
  play(with_checksums(input));
  return 0;
}
