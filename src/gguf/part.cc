#include "gguf/part.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <limits>
#include <unordered_map>
#include <utility>

#include "base/count_text.h"
#include "gguf/cursor.h"
#include "gguf/foreign_file.h"
#include "quant/foreign_types.h"
#include "quant/format.h"

namespace crossval {
namespace {

constexpr std::string_view kMagicText = "GGUF";
constexpr uint32_t kMagic = 0x46554747;     // the same, little-endian
constexpr uint64_t kMaxNameLength = 65535;  // keys; the specification's limit

bool known(GgufType type) { return static_cast<uint32_t>(type) <= 12; }

GgufValue read_scalar(Cursor& in, GgufType type) {
  switch (type) {
    case GgufType::u8:
      return uint64_t{in.read<uint8_t>()};
    case GgufType::i8:
      return int64_t{in.read<int8_t>()};
    case GgufType::u16:
      return uint64_t{in.read<uint16_t>()};
    case GgufType::i16:
      return int64_t{in.read<int16_t>()};
    case GgufType::u32:
      return uint64_t{in.read<uint32_t>()};
    case GgufType::i32:
      return int64_t{in.read<int32_t>()};
    case GgufType::f32:
      return double{in.read<float>()};
    case GgufType::boolean:
      return in.read<uint8_t>() != 0;
    case GgufType::u64:
      return in.read<uint64_t>();
    case GgufType::i64:
      return in.read<int64_t>();
    case GgufType::f64:
      return in.read<double>();
    default:
      return in.read_string();
  }
}

class PartParser {
 public:
  PartParser(std::span<const std::byte> bytes, const std::string& path, int part)
      : bytes_(bytes), in_(bytes), path_(path), index_(part) {}

  Result<GgufPart> parse() {
    part_.size = bytes_.size();
    uint64_t n_tensors = 0;
    uint64_t n_keys = 0;
    if (auto ok = read_header(n_tensors, n_keys); !ok) return tl::unexpected(ok.error());
    if (auto ok = read_keys(n_keys); !ok) return tl::unexpected(ok.error());
    if (auto ok = read_tensors(n_tensors); !ok) return tl::unexpected(ok.error());
    if (auto ok = place_data(); !ok) return tl::unexpected(ok.error());
    return std::move(part_);
  }

 private:
  /// What to do about a file that should have `expected` bytes; 0 where that is not known.
  std::string cut_off(uint64_t expected) const {
    std::string piece = piece_advice(path_);
    if (!piece.empty()) return piece;
    if (expected <= bytes_.size())
      return "It is truncated or damaged: compare its size and checksum with the source.";
    return fmt::format(
        "{} of {} bytes are missing at the end of the file. Was the download or the copy "
        "interrupted? Fetch it again.",
        grouped(static_cast<int64_t>(expected - bytes_.size())),
        grouped(static_cast<int64_t>(expected)));
  }

  tl::unexpected<Error> bad(const std::string& what, const std::string& where = {},
                            const std::string& hint = {}) const {
    return fail(
        ExitCode::bad_input_file, what,
        fmt::format("{}, offset {}{}{}", path_, in_.offset(), where.empty() ? "" : ", ", where),
        hint);
  }
  tl::unexpected<Error> truncated(const std::string& where) const {
    return bad("the file ends too early", where, cut_off(0));
  }

  tl::unexpected<Error> not_gguf() const {
    const std::string piece = piece_advice(path_);
    if (const auto foreign = foreign_file(bytes_))
      return bad(fmt::format("not a GGUF file: it is {}", foreign->name), {}, foreign->advice);
    return bad("not a GGUF file: it does not begin with the magic number GGUF", {},
               piece.empty() ? "crossval reads GGUF model files." : piece);
  }

  Result<void> read_header(uint64_t& n_tensors, uint64_t& n_keys) {
    const auto magic = in_.read<uint32_t>();
    if (in_.failed() && std::memcmp(bytes_.data(), kMagicText.data(), bytes_.size()) == 0)
      return truncated("magic");
    if (magic != kMagic) return not_gguf();
    part_.version = in_.read<uint32_t>();
    if (in_.failed()) return truncated("version");
    if (part_.version != 2 && part_.version != 3) {
      const bool swapped = part_.version != 0 && (part_.version & 0xFFFF) == 0;
      return bad(swapped ? "big-endian GGUF files are not supported"
                         : fmt::format("GGUF version {} is not supported", part_.version),
                 "version",
                 "crossval reads versions 2 and 3, little-endian; convert the file again.");
    }
    n_tensors = in_.read<uint64_t>();
    n_keys = in_.read<uint64_t>();
    if (in_.failed()) return truncated("header");
    // The smallest key takes 8 (name length) + 4 (type) + 1 bytes, the smallest tensor 8 + 4 + 8 +
    // 4 + 8.
    if (n_keys > in_.remaining() / 13)
      return bad(fmt::format("{} metadata keys cannot fit in the file", n_keys), "header");
    if (n_tensors > in_.remaining() / 32)
      return bad(fmt::format("{} tensors cannot fit in the file", n_tensors), "header");
    return {};
  }

  Result<void> read_keys(uint64_t n_keys) {
    part_.keys.reserve(n_keys);
    std::unordered_map<std::string_view, bool> seen;
    for (uint64_t i = 0; i < n_keys; ++i) {
      const std::string_view name = in_.read_string();
      if (in_.failed()) return truncated(fmt::format("name of key {}", i));
      const std::string where = fmt::format("key {}", name.substr(0, 100));
      if (name.empty() || name.size() > kMaxNameLength)
        return bad(fmt::format("key {} has a name of {} bytes", i, name.size()));
      if (!seen.emplace(name, true).second) return bad("the key occurs twice", where);
      const auto type = static_cast<GgufType>(in_.read<uint32_t>());
      if (in_.failed()) return truncated(where);
      if (!known(type))
        return bad(fmt::format("unknown value type {}", static_cast<uint32_t>(type)), where);
      if (type == GgufType::array) {
        auto array = read_array(where);
        if (!array) return tl::unexpected(array.error());
        part_.keys.push_back({name, type, std::move(*array)});
      } else {
        part_.keys.push_back({name, type, read_scalar(in_, type)});
        if (in_.failed()) return truncated(where);
      }
      if (name == "general.alignment") {
        if (auto ok = set_alignment(part_.keys.back()); !ok) return ok;
      }
    }
    return {};
  }

  Result<void> set_alignment(const GgufKey& key) {
    const auto* value = std::get_if<uint64_t>(&key.value);
    if (value == nullptr || *value == 0 || *value > (uint64_t{1} << 30) ||
        !std::has_single_bit(*value)) {
      return bad("the alignment is not a power of two", "key general.alignment");
    }
    part_.alignment = *value;
    return {};
  }

  Result<GgufArray> read_array(const std::string& where) {
    GgufArray array;
    array.element = static_cast<GgufType>(in_.read<uint32_t>());
    array.count = in_.read<uint64_t>();
    if (in_.failed()) return truncated(where);
    if (!known(array.element))
      return bad(fmt::format("unknown array element type {}", static_cast<uint32_t>(array.element)),
                 where);
    if (array.element == GgufType::array) return bad("arrays of arrays are not supported", where);
    if (const uint64_t width = gguf_element_bytes(array.element); width > 0) {
      if (array.count > in_.remaining() / width) return truncated(where);
      array.numbers = in_.take(array.count * width);
      return array;
    }
    if (array.count > in_.remaining() / 8) return truncated(where);
    array.strings.reserve(array.count);
    for (uint64_t i = 0; i < array.count; ++i) {
      array.strings.push_back(in_.read_string());
      if (in_.failed()) return truncated(fmt::format("{}, element {}", where, i));
    }
    return array;
  }

  Result<void> read_tensors(uint64_t n_tensors) {
    part_.tensors.reserve(n_tensors);
    std::unordered_map<std::string_view, bool> seen;
    for (uint64_t i = 0; i < n_tensors; ++i) {
      GgufTensor tensor;
      tensor.part = index_;
      tensor.name = in_.read_string();
      if (in_.failed()) return truncated(fmt::format("name of tensor {}", i));
      const std::string where = fmt::format("tensor {}", tensor.name.substr(0, 100));
      if (tensor.name.empty()) return bad(fmt::format("tensor {} has no name", i));
      if (!seen.emplace(tensor.name, true).second) return bad("the tensor occurs twice", where);
      const auto dims = in_.read<uint32_t>();
      if (in_.failed()) return truncated(where);
      if (dims < 1 || dims > 4)
        return bad(fmt::format("{} dimensions; 1 to 4 are supported", dims), where);
      tensor.dims = static_cast<int>(dims);
      int64_t budget = std::numeric_limits<int64_t>::max();
      for (uint32_t d = 0; d < dims; ++d) {
        const auto n = in_.read<uint64_t>();
        if (in_.failed()) return truncated(where);
        if (n == 0 || n > static_cast<uint64_t>(budget))
          return bad(fmt::format("dimension {} is {}", d, n), where);
        tensor.ne[d] = static_cast<int64_t>(n);
        budget /= tensor.ne[d];  // the product of all dimensions stays below 2^63
      }
      tensor.type_id = in_.read<uint32_t>();
      tensor.offset = in_.read<uint64_t>();  // relative to the data section until place_data()
      if (in_.failed()) return truncated(where);
      if (tensor.offset % part_.alignment != 0) {
        return bad(fmt::format("data offset {} is no multiple of the alignment {}", tensor.offset,
                               part_.alignment),
                   where);
      }
      part_.tensors.push_back(tensor);
    }
    return {};
  }

  /// Turns offsets in the data section into places in the file.
  Result<void> place_data() {
    part_.data_start = bytes_.size();
    if (part_.tensors.empty()) return {};
    const uint64_t start = (in_.offset() + part_.alignment - 1) / part_.alignment * part_.alignment;
    part_.data_start = std::min<uint64_t>(start, bytes_.size());
    const uint64_t available = start <= bytes_.size() ? bytes_.size() - start : 0;
    std::vector<GgufTensor*> in_order;
    in_order.reserve(part_.tensors.size());
    for (GgufTensor& tensor : part_.tensors) in_order.push_back(&tensor);
    std::sort(in_order.begin(), in_order.end(), [](const GgufTensor* x, const GgufTensor* y) {
      return x->offset != y->offset ? x->offset < y->offset : x < y;
    });
    const uint64_t expected = expected_size(start);
    for (size_t i = 0; i < in_order.size(); ++i) {
      GgufTensor& tensor = *in_order[i];
      const uint64_t next = i + 1 < in_order.size() ? in_order[i + 1]->offset : available;
      const auto size = data_size(tensor, available, next, expected);
      if (!size) return tl::unexpected(size.error());
      if (i + 1 < in_order.size()) {
        if (auto ok = check_gap(tensor, *size, *in_order[i + 1]); !ok)
          return tl::unexpected(ok.error());
      }
      tensor.offset += start;
      tensor.data = bytes_.subspan(tensor.offset, *size);
    }
    find_next_file(in_order.back()->offset + in_order.back()->data.size());
    return {};
  }

  /// Bytes of a file with all tensors; 0 where a damaged number makes it absurd.
  uint64_t expected_size(uint64_t start) const {
    constexpr uint64_t kAbsurd = uint64_t{1} << 50;
    uint64_t expected = 0;
    for (const GgufTensor& tensor : part_.tensors) {
      const WeightFormat* format = find_weight_format(tensor.type_id);
      const auto values = static_cast<uint64_t>(tensor.elements());
      if (format == nullptr || values > kAbsurd || tensor.offset > kAbsurd) continue;
      const uint64_t blocks = values / static_cast<uint64_t>(format->block_elements);
      const uint64_t size = blocks * static_cast<uint64_t>(format->block_bytes) +
                            static_cast<uint64_t>(format->tail_bytes);
      expected = std::max(expected, start + tensor.offset + size);
    }
    return expected < kAbsurd ? expected : 0;
  }

  /// Whether another GGUF file was joined to this one, with or without padding before it.
  void find_next_file(uint64_t end) {
    const uint64_t padded = (end + part_.alignment - 1) / part_.alignment * part_.alignment;
    for (const uint64_t at : {end, padded}) {
      if (at > bytes_.size() || bytes_.size() - at < kMagicText.size()) continue;
      if (std::memcmp(bytes_.data() + at, kMagicText.data(), kMagicText.size()) == 0)
        part_.next_file = at;
    }
  }

  /// Whether a tensor's data fits in before the next one's. Where forks use the same type number
  /// for something else it must also fill that room: another size is another format.
  Result<void> check_gap(const GgufTensor& tensor, uint64_t size, const GgufTensor& next) const {
    const uint64_t gap = next.offset - tensor.offset;
    const std::string foreign = foreign_meaning(tensor);
    if (size > gap || gap == 0) {
      return bad(fmt::format("its data overlaps that of tensor {}", shown(next)),
                 "tensor " + shown(tensor), foreign);
    }
    const WeightFormat* format = find_weight_format(tensor.type_id);  // null: its size is the gap
    if (format != nullptr && !foreign.empty() && gap >= size + part_.alignment) {
      return bad(fmt::format("its data takes {} bytes, where {} of its shape takes {}", gap,
                             format->name, size),
                 "tensor " + shown(tensor), foreign);
    }
    return {};
  }

  /// Bytes of a tensor's data. For types we do not know: up to `next`, the offset of the data after
  /// it.
  Result<uint64_t> data_size(const GgufTensor& tensor, uint64_t available, uint64_t next,
                             uint64_t expected) const {
    const std::string where = "tensor " + shown(tensor);
    const std::string hint = cut_off(expected) + foreign_meaning(tensor);
    if (tensor.offset > available) {
      return bad(
          fmt::format("its data would begin behind the end of the file ({} bytes)", bytes_.size()),
          where, hint);
    }
    const WeightFormat* format = find_weight_format(tensor.type_id);
    if (format == nullptr) return std::min(next, available) - tensor.offset;
    if (tensor.ne[0] % format->block_elements != 0) {
      return bad(fmt::format("rows of {} values are no multiple of {}'s block of {}", tensor.ne[0],
                             format->name, format->block_elements),
                 where);
    }
    const auto blocks = static_cast<uint64_t>(tensor.elements() / format->block_elements);
    const auto block_bytes = static_cast<uint64_t>(format->block_bytes);
    const auto tail = static_cast<uint64_t>(format->tail_bytes);
    const uint64_t room = available - tensor.offset;
    if (room < tail || blocks > (room - tail) / block_bytes) {
      return bad(fmt::format("its data ends behind the end of the file ({} bytes)", bytes_.size()),
                 where, hint);
    }
    return blocks * block_bytes + tail;
  }

  /// What else the tensor's type number means; empty for most.
  static std::string foreign_meaning(const GgufTensor& tensor) {
    const std::string_view foreign = foreign_type(tensor.type_id);
    return foreign.empty() ? "" : fmt::format(" Type {} is {}.", tensor.type_id, foreign);
  }

  static std::string shown(const GgufTensor& tensor) {
    return std::string(tensor.name.substr(0, 100));
  }

  std::span<const std::byte> bytes_;
  Cursor in_;
  const std::string& path_;
  int index_;
  GgufPart part_;
};

}  // namespace

Result<GgufPart> parse_gguf_part(std::span<const std::byte> bytes, const std::string& path,
                                 int index) {
  return PartParser(bytes, path, index).parse();
}

}  // namespace crossval
