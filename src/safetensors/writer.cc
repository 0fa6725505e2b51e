#include "safetensors/writer.h"

#include <bit>
#include <nlohmann/json.hpp>
#include <string_view>
#include <utility>

namespace crossval {
namespace {

static_assert(std::endian::native == std::endian::little,
              "values are written as they lie in memory");

constexpr size_t kAlignment = 8;  // of the values, as the format's own library has it

int64_t row_bytes(const SafetensorsEntry& entry) {
  return entry.columns * static_cast<int64_t>(entry.wide ? sizeof(double) : sizeof(float));
}

std::string head_of(const std::vector<SafetensorsEntry>& entries,
                    const std::map<std::string, std::string>& metadata) {
  nlohmann::ordered_json header;
  if (!metadata.empty()) header["__metadata__"] = metadata;
  int64_t at = 0;
  for (const SafetensorsEntry& entry : entries) {
    const int64_t end = at + entry.rows * row_bytes(entry);
    header[entry.name] = {{"dtype", entry.wide ? "F64" : "F32"},
                          {"shape", {entry.rows, entry.columns}},
                          {"data_offsets", {at, end}}};
    at = end;
  }
  // Bytes that are no UTF-8 become U+FFFD.
  std::string text = header.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  text.resize((text.size() + kAlignment - 1) / kAlignment * kAlignment, ' ');
  uint64_t length = text.size();
  std::string head(sizeof(length), '\0');
  for (char& byte : head) {
    byte = static_cast<char>(length & 0xff);
    length >>= 8;
  }
  return head + text;
}

}  // namespace

Result<std::unique_ptr<SafetensorsWriter>> SafetensorsWriter::create(
    const std::string& path, std::vector<SafetensorsEntry> entries,
    const std::map<std::string, std::string>& metadata) {
  auto file = PartialFile::create(path);
  if (!file) return tl::unexpected(file.error());
  const std::string head = head_of(entries, metadata);
  if (auto ok = (*file)->append(head); !ok) return tl::unexpected(ok.error());
  std::unique_ptr<SafetensorsWriter> writer(
      new SafetensorsWriter(*std::move(file), std::move(entries)));
  auto at = static_cast<int64_t>(head.size());
  for (const SafetensorsEntry& entry : writer->entries_) {
    writer->offsets_.push_back(at);
    at += entry.rows * row_bytes(entry);
  }
  writer->offsets_.push_back(at);
  // So that the file has its length whatever comes.
  if (at > static_cast<int64_t>(head.size())) {
    if (auto ok = writer->file_->write_at(at - 1, std::string_view("\0", 1)); !ok)
      return tl::unexpected(ok.error());
  }
  return writer;
}

Result<void> SafetensorsWriter::write(size_t entry, int64_t first_row,
                                      std::span<const float> rows) {
  return write_bytes(entry, first_row,
                     {reinterpret_cast<const char*>(rows.data()), rows.size_bytes()});
}

Result<void> SafetensorsWriter::write(size_t entry, int64_t first_row,
                                      std::span<const double> rows) {
  return write_bytes(entry, first_row,
                     {reinterpret_cast<const char*>(rows.data()), rows.size_bytes()});
}

Result<void> SafetensorsWriter::write_bytes(size_t entry, int64_t first_row,
                                            std::string_view bytes) {
  return file_->write_at(offsets_[entry] + first_row * row_bytes(entries_[entry]), bytes);
}

}  // namespace crossval
