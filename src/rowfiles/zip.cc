// A zip archive as numpy.savez writes it (APPNOTE.TXT 4.3): the central directory at its end, each
// member stored behind a local header.
#include <fmt/format.h>

#include <cstring>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "rowfiles/formats.h"

namespace crossval {
namespace {

constexpr uint32_t kLocal = 0x04034b50, kCentral = 0x02014b50, kEnd = 0x06054b50;
constexpr size_t kLocalBytes = 30, kCentralBytes = 46, kEndBytes = 22;
constexpr size_t kLongestComment = 65535;

template <class T>
T read(protocol::Bytes bytes, size_t at) {
  T value{};
  std::memcpy(&value, bytes.data() + at, sizeof value);
  return value;
}

struct Member {
  std::string name;
  bool stored = true;
  uint64_t size = 0;
  uint64_t header = 0;  // offset of its local header
};

std::optional<size_t> find_end(protocol::Bytes bytes) {
  if (bytes.size() < kEndBytes) return std::nullopt;
  const size_t last = bytes.size() - kEndBytes;
  for (size_t at = last + 1; at-- > (last > kLongestComment ? last - kLongestComment : 0);)
    if (read<uint32_t>(bytes, at) == kEnd) return at;
  return std::nullopt;
}

Result<std::vector<Member>> members_of(const MappedFile& file) {
  const protocol::Bytes bytes = file.bytes();
  const auto end = find_end(bytes);
  if (!end) return bad_row_file(file, bytes.size(), "the zip archive is cut off");
  const auto count = read<uint16_t>(bytes, *end + 10);
  size_t at = read<uint32_t>(bytes, *end + 16);
  std::vector<Member> members;
  members.reserve(count);
  for (int i = 0; i < count; ++i) {
    if (bytes.size() < kCentralBytes || at > bytes.size() - kCentralBytes ||
        read<uint32_t>(bytes, at) != kCentral)
      return bad_row_file(file, at, "no member of the zip archive where its directory has one");
    const size_t name = read<uint16_t>(bytes, at + 28);
    const size_t extra = read<uint16_t>(bytes, at + 30), comment = read<uint16_t>(bytes, at + 32);
    if (name > bytes.size() - at - kCentralBytes)
      return bad_row_file(file, at, "the directory of the zip archive is cut off");
    members.push_back(
        {std::string(reinterpret_cast<const char*>(bytes.data()) + at + kCentralBytes, name),
         read<uint16_t>(bytes, at + 10) == 0, read<uint32_t>(bytes, at + 24),
         read<uint32_t>(bytes, at + 42)});
    at += kCentralBytes + name + extra + comment;
    if (at > bytes.size() - kEndBytes)
      return bad_row_file(file, *end, "the directory of the zip archive is cut off");
  }
  return members;
}

}  // namespace

RowFileResult open_npz(MappedFile& file) {
  const protocol::Bytes bytes = file.bytes();
  if (bytes.size() < kLocalBytes || read<uint32_t>(bytes, 0) != kLocal) return nullptr;
  const auto members = members_of(file);
  if (!members) return tl::unexpected(members.error());
  const Member* found = members->size() == 1 ? &members->front() : nullptr;
  std::string names;
  for (const Member& member : *members) {
    if (member.name == "logits.npy") found = &member;
    names += (names.empty() ? "" : ", ") + member.name;
  }
  if (found == nullptr)
    return bad_row_file(file, 0, "none of its arrays is called logits: " + names,
                        "Save it as numpy.savez(FILE, logits=…).");
  if (!found->stored)
    return bad_row_file(file, found->header, "the array " + found->name + " is compressed",
                        "Save it with numpy.savez, not savez_compressed.");
  if (found->header > bytes.size() - kLocalBytes || read<uint32_t>(bytes, found->header) != kLocal)
    return bad_row_file(file, found->header, "no member of the zip archive");
  const uint64_t data = found->header + kLocalBytes + read<uint16_t>(bytes, found->header + 26) +
                        read<uint16_t>(bytes, found->header + 28);
  if (data > bytes.size() || found->size > bytes.size() - data || found->size == 0xFFFFFFFFU)
    return bad_row_file(file, found->header, "the array lies beyond the end of the file",
                        "An array of 4 GB and more is not read from .npz: use numpy.save.");
  const uint64_t size = found->size;
  return npy_at(file, data, size);
}

}  // namespace crossval
