#include "imatrix/file.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <cstring>
#include <string_view>
#include <utility>

#include "base/mapped_file.h"
#include "gguf/file.h"

namespace crossval {
namespace {

constexpr uint32_t kF32 = 0;
constexpr std::string_view kSums = ".in_sum2", kCounts = ".counts";
constexpr int32_t kMostEntries = 1 << 20, kLongestName = 512;
constexpr const char* kCutOff = "It was cut off, or its disk was full: make it again.";

Result<std::vector<float>> floats_of(const GgufTensor& tensor, const std::string& path) {
  const auto count = static_cast<size_t>(tensor.elements());
  if (tensor.type_id != kF32 || count == 0 || tensor.data.size() != count * sizeof(float)) {
    return fail(ExitCode::bad_input_file, "sums and counts are F32",
                fmt::format("{}, tensor {}", path, tensor.name));
  }
  std::vector<float> values(count);
  std::memcpy(values.data(), tensor.data.data(), tensor.data.size());
  return values;
}

int64_t number_or_zero(const GgufFile& file, std::string_view key) {
  return file.int_or(key, 0).value_or(0);
}

Result<Imatrix> from_gguf(const GgufFile& file) {
  Imatrix imatrix{{.path = file.path(),
                   .chunks = number_or_zero(file, "imatrix.chunk_count"),
                   .chunk_size = number_or_zero(file, "imatrix.chunk_size")},
                  {}};
  if (const auto datasets = file.get_array("imatrix.datasets"))
    imatrix.facts.datasets.assign((*datasets)->strings.begin(), (*datasets)->strings.end());
  for (const GgufTensor& tensor : file.tensors()) {
    std::string name(tensor.name);
    const bool sums = name.ends_with(kSums);
    if (!sums && !name.ends_with(kCounts)) continue;
    name.resize(name.size() - (sums ? kSums : kCounts).size());
    auto values = floats_of(tensor, file.path());
    if (!values) return tl::unexpected(values.error());
    ImatrixEntry& entry = imatrix.entries[std::move(name)];
    (sums ? entry.sums : entry.counts) = *std::move(values);
  }
  for (const auto& [name, entry] : imatrix.entries) {
    if (!entry.sums.empty() && !entry.counts.empty() &&
        entry.sums.size() % entry.counts.size() == 0)
      continue;
    return fail(ExitCode::bad_input_file,
                fmt::format("{} sums of squares and {} counts do not go together",
                            entry.sums.size(), entry.counts.size()),
                fmt::format("{}, tensor {}", file.path(), name));
  }
  return imatrix;
}

// Reads from the front; fails where there is no more.
class Bytes {
 public:
  explicit Bytes(std::span<const std::byte> bytes) : bytes_(bytes) {}

  bool take(void* into, size_t count) {
    if (count > bytes_.size() - at_) return false;
    std::memcpy(into, bytes_.data() + at_, count);
    at_ += count;
    return true;
  }
  bool take(int32_t& number) { return take(&number, sizeof number); }
  bool take_name(std::string& name) {
    int32_t length = 0;
    if (!take(length) || length < 1 || length > kLongestName) return false;
    name.resize(static_cast<size_t>(length));
    return take(name.data(), name.size());
  }
  bool has(size_t count) const { return count <= bytes_.size() - at_; }
  bool at_end() const { return at_ == bytes_.size(); }
  size_t at() const { return at_; }

 private:
  std::span<const std::byte> bytes_;
  size_t at_ = 0;
};

// There is no magic: a count, and a weight's name.
bool is_dat(std::span<const std::byte> bytes) {
  Bytes from(bytes);
  int32_t entries = 0;
  std::string name;
  return from.take(entries) && entries > 0 && entries <= kMostEntries && from.take_name(name) &&
         name.find(".weight") != std::string::npos &&
         std::ranges::all_of(name, [](unsigned char c) { return std::isprint(c) != 0; });
}

Result<Imatrix> from_dat(const MappedFile& file) {
  Imatrix imatrix{{.path = file.path(), .legacy = true}, {}};
  Bytes from(file.bytes());
  int32_t entries = 0;
  from.take(entries);
  const auto bad = [&](std::string what) {
    return fail(ExitCode::bad_input_file, std::move(what),
                fmt::format("{}, offset {}", file.path(), from.at()), kCutOff);
  };
  for (int32_t i = 0; i < entries; ++i) {
    std::string name;
    int32_t chunks = 0, values = 0;
    if (!from.take_name(name) || !from.take(chunks) || !from.take(values))
      return bad(fmt::format("no entry {} of {}", i, entries));
    if (values < 1 || !from.has(static_cast<size_t>(values) * sizeof(float)))
      return bad(fmt::format("entry {} ({}) has no {} values", i, name, values));
    if (imatrix.entries.contains(name)) return bad(fmt::format("{} stands there twice", name));
    ImatrixEntry& entry = imatrix.entries[name];
    entry.sums.resize(static_cast<size_t>(values));
    from.take(entry.sums.data(), entry.sums.size() * sizeof(float));
    entry.counts = {static_cast<float>(chunks)};
  }
  if (from.at_end()) return imatrix;
  int32_t last = 0;
  if (!from.take(last)) return bad("a tail that is none");
  imatrix.facts.chunks = last;
  std::string dataset;
  if (!from.at_end() && from.take_name(dataset)) imatrix.facts.datasets = {std::move(dataset)};
  return imatrix;
}

}  // namespace

Result<std::optional<Imatrix>> open_imatrix(const std::string& path) {
  const auto file = MappedFile::open(path);
  if (!file) return tl::unexpected(file.error());
  const auto bytes = file->bytes();
  if (bytes.size() < 4) return std::nullopt;
  if (std::memcmp(bytes.data(), "GGUF", 4) == 0) {
    const auto gguf = GgufFile::open(path);
    if (!gguf) return tl::unexpected(gguf.error());
    const bool has_sums = std::ranges::any_of(
        gguf->tensors(), [](const GgufTensor& tensor) { return tensor.name.ends_with(kSums); });
    if (!has_sums) return std::nullopt;
    auto imatrix = from_gguf(*gguf);
    if (!imatrix) return tl::unexpected(imatrix.error());
    return *std::move(imatrix);
  }
  if (!is_dat(bytes)) return std::nullopt;
  auto imatrix = from_dat(*file);
  if (!imatrix) return tl::unexpected(imatrix.error());
  return *std::move(imatrix);
}

}  // namespace crossval
