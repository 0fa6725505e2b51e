#include "safetensors/reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>
#include <string_view>
#include <tuple>
#include <utility>

#include "base/shown_text.h"

namespace crossval {
namespace {

using nlohmann::json;

constexpr uint64_t kLengthBytes = 8;
constexpr uint64_t kLongestHeader = 100'000'000;  // the format's own limit

struct Dtype {
  std::string_view name;
  uint64_t bytes;
};
constexpr Dtype kDtypes[] = {{"BOOL", 1},    {"U8", 1},      {"I8", 1},  {"F8_E5M2", 1},
                             {"F8_E4M3", 1}, {"F8_E8M0", 1}, {"I16", 2}, {"U16", 2},
                             {"F16", 2},     {"BF16", 2},    {"I32", 4}, {"U32", 4},
                             {"F32", 4},     {"F64", 8},     {"I64", 8}, {"U64", 8}};

/// Text of a whole number without a sign; nothing for all else.
std::optional<uint64_t> whole(const json& value) {
  if (!value.is_number_unsigned()) return std::nullopt;
  return value.get<uint64_t>();
}

class Parser {
 public:
  Parser(std::span<const std::byte> bytes, const std::string& path) : bytes_(bytes), path_(path) {}

  Result<std::vector<SafetensorsTensor>> parse() {
    auto header = read_header();
    if (!header) return tl::unexpected(header.error());
    for (const auto& [name, entry] : header->items()) {
      if (name == "__metadata__") continue;
      if (auto ok = add(name, entry); !ok) return tl::unexpected(ok.error());
    }
    if (auto ok = check_places(); !ok) return tl::unexpected(ok.error());
    return std::move(tensors_);
  }

 private:
  tl::unexpected<Error> bad(std::string what, const std::string& tensor = {},
                            std::string hint = {}) const {
    return fail(ExitCode::bad_input_file, std::move(what),
                tensor.empty() ? path_ : fmt::format("{}, tensor {}", path_, tensor),
                std::move(hint));
  }

  Result<json> read_header() {
    if (bytes_.size() < kLengthBytes)
      return bad("no safetensors file: it ends before the length of its header");
    uint64_t length = 0;
    std::memcpy(&length, bytes_.data(), kLengthBytes);
    if (length > kLongestHeader) {
      return bad(fmt::format("the header would have {} bytes; the format allows {}", length,
                             kLongestHeader),
                 {}, "Is it a safetensors file, and whole?");
    }
    if (length > bytes_.size() - kLengthBytes) {
      return bad(fmt::format("the header has {} bytes, the file {} in all", length, bytes_.size()),
                 {}, "The file was cut off: download it again.");
    }
    data_ = bytes_.subspan(kLengthBytes + length);
    const char* text = reinterpret_cast<const char*>(bytes_.data()) + kLengthBytes;
    json header = json::parse(text, text + length, nullptr, false);
    if (!header.is_object()) return bad("the header is no JSON object");
    return header;
  }

  Result<void> add(const std::string& name, const json& entry) {
    const std::string shown = shown_text(name);
    if (!entry.is_object() || !entry.contains("dtype") || !entry["dtype"].is_string() ||
        !entry.contains("shape") || !entry["shape"].is_array() || !entry.contains("data_offsets") ||
        !entry["data_offsets"].is_array() || entry["data_offsets"].size() != 2) {
      return bad("an entry is not dtype, shape and two data_offsets", shown);
    }
    SafetensorsTensor tensor{.name = name, .dtype = entry["dtype"], .shape = {}, .data = {}};
    const auto* const dtype = std::ranges::find(kDtypes, tensor.dtype, &Dtype::name);
    if (dtype == std::end(kDtypes))
      return bad(fmt::format("dtype {} is not known", shown_text(tensor.dtype)), shown);
    uint64_t size = dtype->bytes;
    tensor.shape.reserve(entry["shape"].size());
    for (const json& dimension : entry["shape"]) {
      const auto n = whole(dimension);
      constexpr auto kMost = static_cast<uint64_t>(std::numeric_limits<int64_t>::max());
      if (!n || (*n != 0 && size > kMost / *n))
        return bad(fmt::format("shape {} is none", entry["shape"].dump()), shown);
      size *= *n;
      tensor.shape.push_back(static_cast<int64_t>(*n));
    }
    const auto begin = whole(entry["data_offsets"][0]);
    const auto end = whole(entry["data_offsets"][1]);
    if (!begin || !end || *begin > *end || *end > data_.size()) {
      return bad(fmt::format("data_offsets {} do not lie in the {} bytes of data",
                             entry["data_offsets"].dump(), data_.size()),
                 shown, "The file is damaged or was cut off: download it again.");
    }
    if (*end - *begin != size) {
      return bad(fmt::format("{} bytes of data, where {} of shape {} has {}", *end - *begin,
                             tensor.dtype, entry["shape"].dump(), size),
                 shown);
    }
    tensor.data = data_.subspan(*begin, size);
    tensors_.push_back(std::move(tensor));
    return {};
  }

  /// Data lies without gaps, and belongs to one tensor each.
  Result<void> check_places() {
    std::ranges::sort(tensors_, [](const SafetensorsTensor& a, const SafetensorsTensor& b) {
      return std::tuple(a.data.data(), a.data.size(), std::string_view(a.name)) <
             std::tuple(b.data.data(), b.data.size(), std::string_view(b.name));
    });
    const std::byte* end = data_.data();
    for (const SafetensorsTensor& tensor : tensors_) {
      if (tensor.data.empty()) continue;
      if (tensor.data.data() < end)
        return bad("its data overlaps that of another tensor", shown_text(tensor.name));
      if (tensor.data.data() > end) {
        return bad(
            fmt::format("{} bytes before its data belong to no tensor", tensor.data.data() - end),
            shown_text(tensor.name));
      }
      end += tensor.data.size();
    }
    const auto left = data_.data() + data_.size() - end;
    if (left > 0) return bad(fmt::format("{} bytes at its end belong to no tensor", left));
    return {};
  }

  std::span<const std::byte> bytes_;
  std::span<const std::byte> data_;  // behind the header
  const std::string& path_;
  std::vector<SafetensorsTensor> tensors_;
};

}  // namespace

int64_t SafetensorsTensor::elements() const {
  int64_t product = 1;
  for (const int64_t n : shape) product *= n;
  return product;
}

Result<std::vector<SafetensorsTensor>> parse_safetensors(std::span<const std::byte> bytes,
                                                         const std::string& path) {
  return Parser(bytes, path).parse();
}

}  // namespace crossval
