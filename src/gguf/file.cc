#include "gguf/file.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <filesystem>
#include <limits>
#include <unordered_map>
#include <utility>

#include "base/mapped_file.h"
#include "gguf/cursor.h"
#include "quant/format.h"

namespace crossval {
namespace {

constexpr uint32_t kMagic = 0x46554747;  // "GGUF", little-endian
constexpr uint64_t kDefaultAlignment = 32;
constexpr uint64_t kMaxNameLength = 65535;  // keys; the specification's limit

/// Bytes of one element; 0 for strings and arrays, which have no fixed size.
uint64_t element_bytes(GgufType type) {
  switch (type) {
    case GgufType::u8:
    case GgufType::i8:
    case GgufType::boolean:
      return 1;
    case GgufType::u16:
    case GgufType::i16:
      return 2;
    case GgufType::u32:
    case GgufType::i32:
    case GgufType::f32:
      return 4;
    case GgufType::u64:
    case GgufType::i64:
    case GgufType::f64:
      return 8;
    default:
      return 0;
  }
}

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

// One file of a model, parsed.
struct Part {
  std::vector<GgufKey> keys;
  std::vector<GgufTensor> tensors;
  uint32_t version = 0;
  uint64_t alignment = kDefaultAlignment;
  uint64_t size = 0;
};

class PartParser {
 public:
  PartParser(std::span<const std::byte> bytes, const std::string& path, int part)
      : bytes_(bytes), in_(bytes), path_(path), index_(part) {}

  Result<Part> parse() {
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
  tl::unexpected<Error> bad(const std::string& what, const std::string& where = {},
                            const std::string& hint = {}) const {
    return fail(
        ExitCode::bad_input_file, what,
        fmt::format("{}, offset {}{}{}", path_, in_.offset(), where.empty() ? "" : ", ", where),
        hint);
  }
  tl::unexpected<Error> truncated(const std::string& where) const {
    return bad("the file ends too early", where,
               "It is truncated or damaged: compare its size and checksum with the source.");
  }

  Result<void> read_header(uint64_t& n_tensors, uint64_t& n_keys) {
    const auto magic = in_.read<uint32_t>();
    if (in_.failed()) return truncated("magic");
    if (magic != kMagic)
      return bad("not a GGUF file: the magic number is wrong", {},
                 "crossval reads GGUF model files.");
    part_.version = in_.read<uint32_t>();
    if (in_.failed()) return truncated("version");
    if (part_.version != 2 && part_.version != 3) {
      const bool swapped = part_.version == 0x02000000 || part_.version == 0x03000000;
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
    if (const uint64_t width = element_bytes(array.element); width > 0) {
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

  Result<void> place_data() {
    if (part_.tensors.empty()) return {};
    const uint64_t start = (in_.offset() + part_.alignment - 1) / part_.alignment * part_.alignment;
    const uint64_t available = start <= bytes_.size() ? bytes_.size() - start : 0;
    std::vector<uint64_t> offsets;
    offsets.reserve(part_.tensors.size());
    for (const GgufTensor& tensor : part_.tensors) offsets.push_back(tensor.offset);
    std::sort(offsets.begin(), offsets.end());
    for (GgufTensor& tensor : part_.tensors) {
      const std::string where = fmt::format("tensor {}", tensor.name.substr(0, 100));
      if (tensor.offset > available) {
        return bad(fmt::format("its data would begin at {}, behind the end of the file ({} bytes)",
                               start + tensor.offset, bytes_.size()),
                   where,
                   "It is truncated or damaged: compare its size and checksum with the source.");
      }
      uint64_t size = 0;
      if (const WeightFormat* format = find_weight_format(tensor.type_id)) {
        if (tensor.ne[0] % format->block_elements != 0) {
          return bad(fmt::format("rows of {} values are no multiple of {}'s block of {}",
                                 tensor.ne[0], format->name, format->block_elements),
                     where);
        }
        const auto blocks = static_cast<uint64_t>(tensor.elements() / format->block_elements);
        if (blocks > (available - tensor.offset) / static_cast<uint64_t>(format->block_bytes)) {
          return bad(
              fmt::format("its data ends behind the end of the file ({} bytes)", bytes_.size()),
              where, "It is truncated or damaged: compare its size and checksum with the source.");
        }
        size = blocks * static_cast<uint64_t>(format->block_bytes);
      } else {
        const auto next = std::upper_bound(offsets.begin(), offsets.end(), tensor.offset);
        size = (next == offsets.end() ? available : std::min(*next, available)) - tensor.offset;
      }
      tensor.offset += start;
      tensor.data = bytes_.subspan(tensor.offset, size);
    }
    return {};
  }

  std::span<const std::byte> bytes_;
  Cursor in_;
  const std::string& path_;
  int index_;
  Part part_;
};

}  // namespace

struct GgufFile::Rep {
  std::string path;
  std::vector<MappedFile> maps;
  std::vector<GgufKey> keys;  // of the first part
  std::vector<GgufTensor> tensors;
  uint32_t version = 0;
  uint64_t alignment = kDefaultAlignment;
  uint64_t size = 0;
  std::unordered_map<std::string_view, size_t> key_index;
  std::unordered_map<std::string_view, size_t> tensor_index;

  /// Takes over a parsed part; the first one's keys are the model's.
  Result<void> add(Part part) {
    if (size == 0) {
      version = part.version;
      alignment = part.alignment;
      keys = std::move(part.keys);
      for (size_t i = 0; i < keys.size(); ++i) key_index.emplace(keys[i].name, i);
    }
    size += part.size;
    for (GgufTensor& tensor : part.tensors) {
      if (!tensor_index.emplace(tensor.name, tensors.size()).second) {
        return fail(ExitCode::bad_input_file, "a tensor occurs in two parts of a split model",
                    fmt::format("{}, tensor {}", path, tensor.name));
      }
      tensors.push_back(tensor);
    }
    return {};
  }
};

namespace {

/// "dir/name-00002-of-00003.gguf" with another part number; empty when `path` is not named so.
std::string split_path(const std::string& path, int64_t number, int64_t count) {
  const std::string tail = fmt::format("-of-{:05}.gguf", count);
  if (path.size() < tail.size() + 6 || !path.ends_with(tail)) return {};
  return fmt::format("{}-{:05}{}", path.substr(0, path.size() - tail.size() - 6), number + 1, tail);
}

}  // namespace

Result<GgufFile> GgufFile::parse(std::span<const std::byte> bytes, const std::string& path) {
  auto part = PartParser(bytes, path, 0).parse();
  if (!part) return tl::unexpected(part.error());
  auto rep = std::make_unique<Rep>();
  rep->path = path;
  if (auto ok = rep->add(std::move(*part)); !ok) return tl::unexpected(ok.error());
  return GgufFile(std::move(rep));
}

Result<GgufFile> GgufFile::open(const std::string& path) {
  auto map = MappedFile::open(path);
  if (!map) return tl::unexpected(map.error());
  auto file = parse(map->bytes(), path);
  if (!file) return file;
  const auto count = file->int_or("split.count", 1);
  if (!count) return tl::unexpected(count.error());
  if (*count <= 1) {
    file->rep_->maps.push_back(std::move(*map));
    return file;
  }

  auto rep = std::make_unique<Rep>();
  rep->path = path;
  const auto bad = [&](const std::string& what) {
    return fail(ExitCode::bad_input_file, what, path,
                "Keep all parts of a split model in one folder under their own names.");
  };
  if (*count > 99999 || split_path(path, 0, *count).empty()) {
    return bad(fmt::format("the file is one of {} parts but is not named …-00001-of-{:05}.gguf",
                           *count, *count));
  }
  for (int64_t i = 0; i < *count; ++i) {
    const std::string part_path = split_path(path, i, *count);
    auto part_map = MappedFile::open(part_path);
    if (!part_map) return tl::unexpected(part_map.error());
    auto part = PartParser(part_map->bytes(), part_path, static_cast<int>(i)).parse();
    if (!part) return tl::unexpected(part.error());
    const auto number = std::find_if(part->keys.begin(), part->keys.end(),
                                     [](const GgufKey& k) { return k.name == "split.no"; });
    if (number == part->keys.end() || !std::holds_alternative<uint64_t>(number->value) ||
        std::get<uint64_t>(number->value) != static_cast<uint64_t>(i)) {
      return bad(fmt::format("{} does not say that it is part {}", part_path, i));
    }
    if (auto ok = rep->add(std::move(*part)); !ok) return tl::unexpected(ok.error());
    rep->maps.push_back(std::move(*part_map));
  }
  GgufFile whole(std::move(rep));
  const auto expected =
      whole.int_or("split.tensors.count", static_cast<int64_t>(whole.tensors().size()));
  if (!expected) return tl::unexpected(expected.error());
  if (*expected != static_cast<int64_t>(whole.tensors().size())) {
    return bad(fmt::format("the parts hold {} tensors, {} were announced", whole.tensors().size(),
                           *expected));
  }
  return whole;
}

GgufFile::GgufFile(std::unique_ptr<Rep> rep) : rep_(std::move(rep)) {}
GgufFile::GgufFile(GgufFile&&) noexcept = default;
GgufFile& GgufFile::operator=(GgufFile&&) noexcept = default;
GgufFile::~GgufFile() = default;

const std::string& GgufFile::path() const { return rep_->path; }
uint32_t GgufFile::version() const { return rep_->version; }
uint64_t GgufFile::alignment() const { return rep_->alignment; }
uint64_t GgufFile::size() const { return rep_->size; }
std::span<const GgufKey> GgufFile::keys() const { return rep_->keys; }
std::span<const GgufTensor> GgufFile::tensors() const { return rep_->tensors; }

const GgufKey* GgufFile::find_key(std::string_view name) const {
  const auto it = rep_->key_index.find(name);
  return it == rep_->key_index.end() ? nullptr : &rep_->keys[it->second];
}

const GgufTensor* GgufFile::find_tensor(std::string_view name) const {
  const auto it = rep_->tensor_index.find(name);
  return it == rep_->tensor_index.end() ? nullptr : &rep_->tensors[it->second];
}

namespace {

template <class T>
T element(const std::byte* numbers, uint64_t i) {
  T value;
  std::memcpy(&value, numbers + i * sizeof(T), sizeof(T));
  return value;
}

}  // namespace

double GgufArray::number(uint64_t i) const {
  switch (this->element) {
    case GgufType::f32:
      return crossval::element<float>(numbers, i);
    case GgufType::f64:
      return crossval::element<double>(numbers, i);
    default:
      return static_cast<double>(integer(i));
  }
}

int64_t GgufArray::integer(uint64_t i) const {
  switch (this->element) {
    case GgufType::u8:
    case GgufType::boolean:
      return crossval::element<uint8_t>(numbers, i);
    case GgufType::i8:
      return crossval::element<int8_t>(numbers, i);
    case GgufType::u16:
      return crossval::element<uint16_t>(numbers, i);
    case GgufType::i16:
      return crossval::element<int16_t>(numbers, i);
    case GgufType::u32:
      return crossval::element<uint32_t>(numbers, i);
    case GgufType::i32:
      return crossval::element<int32_t>(numbers, i);
    case GgufType::u64:
      return static_cast<int64_t>(crossval::element<uint64_t>(numbers, i));
    case GgufType::i64:
      return crossval::element<int64_t>(numbers, i);
    case GgufType::f32:
      return static_cast<int64_t>(crossval::element<float>(numbers, i));
    case GgufType::f64:
      return static_cast<int64_t>(crossval::element<double>(numbers, i));
    default:
      return 0;
  }
}

namespace {

tl::unexpected<Error> missing(const GgufFile& file, std::string_view key) {
  return fail(ExitCode::bad_input_file, "a metadata key is missing",
              fmt::format("{}, key {}", file.path(), key),
              "Was the model converted by a tool that knows its architecture?");
}

tl::unexpected<Error> wrong_kind(const GgufFile& file, std::string_view key,
                                 std::string_view wanted) {
  return fail(ExitCode::bad_input_file, fmt::format("a metadata value is not {}", wanted),
              fmt::format("{}, key {}", file.path(), key));
}

}  // namespace

Result<int64_t> GgufFile::get_int(std::string_view name) const {
  const GgufKey* key = find_key(name);
  if (key == nullptr) return missing(*this, name);
  if (const auto* i = std::get_if<int64_t>(&key->value)) return *i;
  const auto* u = std::get_if<uint64_t>(&key->value);
  if (u == nullptr || *u > static_cast<uint64_t>(std::numeric_limits<int64_t>::max()))
    return wrong_kind(*this, name, "an integer");
  return static_cast<int64_t>(*u);
}

Result<int64_t> GgufFile::int_or(std::string_view name, int64_t fallback) const {
  if (find_key(name) == nullptr) return fallback;
  return get_int(name);
}

Result<double> GgufFile::get_float(std::string_view name) const {
  const GgufKey* key = find_key(name);
  if (key == nullptr) return missing(*this, name);
  if (const auto* d = std::get_if<double>(&key->value)) return *d;
  return wrong_kind(*this, name, "a floating-point number");
}

Result<double> GgufFile::float_or(std::string_view name, double fallback) const {
  if (find_key(name) == nullptr) return fallback;
  return get_float(name);
}

Result<bool> GgufFile::bool_or(std::string_view name, bool fallback) const {
  const GgufKey* key = find_key(name);
  if (key == nullptr) return fallback;
  if (const auto* b = std::get_if<bool>(&key->value)) return *b;
  return wrong_kind(*this, name, "a boolean");
}

Result<std::string_view> GgufFile::get_string(std::string_view name) const {
  const GgufKey* key = find_key(name);
  if (key == nullptr) return missing(*this, name);
  if (const auto* s = std::get_if<std::string_view>(&key->value)) return *s;
  return wrong_kind(*this, name, "a string");
}

Result<std::string_view> GgufFile::string_or(std::string_view name,
                                             std::string_view fallback) const {
  if (find_key(name) == nullptr) return fallback;
  return get_string(name);
}

Result<const GgufArray*> GgufFile::get_array(std::string_view name) const {
  const GgufKey* key = find_key(name);
  if (key == nullptr) return missing(*this, name);
  if (const auto* a = std::get_if<GgufArray>(&key->value)) return a;
  return wrong_kind(*this, name, "an array");
}

}  // namespace crossval
