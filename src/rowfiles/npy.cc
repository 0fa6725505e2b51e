#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <string_view>
#include <utility>

#include "rowfiles/formats.h"

namespace crossval {
namespace {

constexpr std::string_view kMagic("\x93NUMPY", 6);

struct Named {
  std::string_view dtype;
  ValueType type;
};
constexpr Named kTypes[] = {
    {"<f2", ValueType::f16}, {"<f4", ValueType::f32}, {"<f8", ValueType::f64}};

struct Layout {
  std::string dtype;  // "<f4"
  bool fortran = false;
  std::vector<int64_t> shape;  // slowest first
  uint64_t data = 0;           // offset in the file
};

// The value behind 'key': of the header, a Python dict; empty: there is none.
std::string_view value_of(std::string_view header, std::string_view key) {
  const std::string quoted = "'" + std::string(key) + "'";
  const size_t at = header.find(quoted);
  if (at == std::string_view::npos) return {};
  const size_t colon = header.find(':', at + quoted.size());
  if (colon == std::string_view::npos) return {};
  header = header.substr(colon + 1);
  const size_t begin = header.find_first_not_of(' ');
  if (begin == std::string_view::npos) return {};
  header = header.substr(begin);
  if (header.front() == '(') {
    const size_t end = header.find(')');
    return end == std::string_view::npos ? std::string_view{} : header.substr(1, end - 1);
  }
  return header.substr(0, header.find_first_of(",}"));
}

bool read_shape(std::string_view text, std::vector<int64_t>& shape) {
  while (!text.empty()) {
    const size_t begin = text.find_first_not_of(" ,");
    if (begin == std::string_view::npos) return true;
    text = text.substr(begin);
    int64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || value < 0) return false;
    shape.push_back(value);
    text = text.substr(static_cast<size_t>(end - text.data()));
  }
  return true;
}

Result<Layout> read_layout(const MappedFile& file, uint64_t offset, uint64_t size) {
  const auto bytes = file.bytes().subspan(offset, size);
  std::array<uint8_t, 12> head{};
  std::memcpy(head.data(), bytes.data(), std::min(head.size(), bytes.size()));
  const bool wide = head[6] >= 2;  // version: the length of the header has four bytes from 2.0 on
  const size_t begin = wide ? 12 : 10;
  const uint64_t length = wide ? head[8] + (uint64_t{head[9]} << 8) + (uint64_t{head[10]} << 16) +
                                     (uint64_t{head[11]} << 24)
                               : head[8] + (uint64_t{head[9]} << 8);
  if (bytes.size() < begin || length > bytes.size() - begin)
    return bad_row_file(file, offset, "the NumPy header is cut off");
  const std::string_view header(reinterpret_cast<const char*>(bytes.data()) + begin, length);
  Layout layout;
  std::string_view dtype = value_of(header, "descr");
  if (dtype.size() >= 2) dtype = dtype.substr(1, dtype.size() - 2);  // its quotes
  layout.dtype = dtype;
  layout.fortran = value_of(header, "fortran_order").starts_with("True");
  layout.data = offset + begin + length;
  if (!read_shape(value_of(header, "shape"), layout.shape))
    return bad_row_file(file, offset, "the NumPy header has no shape");
  return layout;
}

}  // namespace

RowFileResult npy_at(MappedFile& file, uint64_t offset, uint64_t size) {
  const auto layout = read_layout(file, offset, size);
  if (!layout) return tl::unexpected(layout.error());
  const auto* const type = std::ranges::find(kTypes, layout->dtype, &Named::dtype);
  if (type == std::end(kTypes)) {
    return bad_row_file(file, offset, fmt::format("an array of {}", layout->dtype),
                        "Save float32: numpy.save(FILE, logits.astype(numpy.float32)).");
  }
  if (layout->fortran)
    return bad_row_file(file, offset, "an array in Fortran order",
                        "Save numpy.ascontiguousarray(logits).");
  return rows_of_shape(file, "NumPy array", layout->shape, type->type, layout->data,
                       size - (layout->data - offset));
}

RowFileResult open_npy(MappedFile& file) {
  const auto bytes = file.bytes();
  if (bytes.size() < kMagic.size() || std::memcmp(bytes.data(), kMagic.data(), kMagic.size()) != 0)
    return nullptr;
  return npy_at(file, 0, bytes.size());
}

}  // namespace crossval
