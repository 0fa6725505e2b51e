#include "gguf/file.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <filesystem>
#include <limits>
#include <unordered_map>
#include <utility>

#include "base/mapped_file.h"
#include "gguf/assembled_file.h"
#include "gguf/part.h"

namespace crossval {

struct GgufFile::Rep {
  std::string path;
  std::vector<MappedFile> maps;
  std::shared_ptr<const void> memory;  // of an assembled file
  std::vector<GgufKey> keys;           // of the first part
  std::vector<GgufTensor> tensors;
  uint32_t version = 0;
  uint64_t alignment = kGgufDefaultAlignment;
  uint64_t size = 0;
  std::vector<GgufPartInfo> parts;
  uint64_t next_file = 0;  // see GgufPart, of the last part
  std::unordered_map<std::string_view, size_t> key_index;
  std::unordered_map<std::string_view, size_t> tensor_index;

  /// Takes over a parsed part; the first one's keys are the model's.
  Result<void> add(GgufPart part, const std::string& part_path) {
    if (parts.empty()) {
      version = part.version;
      alignment = part.alignment;
      keys = std::move(part.keys);
      for (size_t i = 0; i < keys.size(); ++i) key_index.emplace(keys[i].name, i);
    }
    size += part.size;
    next_file = part.next_file;
    parts.push_back({part_path, part.size, part.data_start});
    for (GgufTensor& tensor : part.tensors) {
      if (!tensor_index.emplace(tensor.name, tensors.size()).second) {
        return fail(ExitCode::bad_input_file, "a tensor occurs in two parts of a split model",
                    fmt::format("{}, tensor {}", path, tensor.name));
      }
      tensors.push_back(tensor);
    }
    return {};
  }

  static GgufFile assemble(GgufContent content) {
    auto rep = std::make_shared<Rep>();
    rep->path = std::move(content.path);
    rep->parts = std::move(content.parts);
    rep->keys = std::move(content.keys);
    rep->tensors = std::move(content.tensors);
    rep->maps = std::move(content.maps);
    rep->memory = std::move(content.memory);
    for (const GgufPartInfo& part : rep->parts) rep->size += part.size;
    for (size_t i = 0; i < rep->keys.size(); ++i) rep->key_index.emplace(rep->keys[i].name, i);
    for (size_t i = 0; i < rep->tensors.size(); ++i)
      rep->tensor_index.emplace(rep->tensors[i].name, i);
    return GgufFile(std::move(rep));
  }
  // Defined here, where it may make a GgufFile; used from other files alone.
  [[gnu::used]] friend GgufFile assemble_gguf(GgufContent content) {
    return assemble(std::move(content));
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

std::string first_part_path(const std::string& path) {
  const size_t of = path.rfind("-of-");
  if (of == std::string::npos) return path;
  int64_t count = 0;
  std::from_chars(path.data() + of + 4, path.data() + path.size(), count);
  std::string first = split_path(path, 0, count);
  std::error_code unseen;  // a name too long, or in a folder that is closed to us: not there
  return std::filesystem::exists(first, unseen) ? first : path;
}

namespace {

FolderReader folder_reader = nullptr;  // set once, at the start

}  // namespace

void read_folders_with(FolderReader reader) { folder_reader = reader; }

Result<GgufFile> GgufFile::parse(std::span<const std::byte> bytes, const std::string& path) {
  auto part = parse_gguf_part(bytes, path, 0);
  if (!part) return tl::unexpected(part.error());
  auto rep = std::make_unique<Rep>();
  rep->path = path;
  if (auto ok = rep->add(std::move(*part), path); !ok) return tl::unexpected(ok.error());
  return GgufFile(std::move(rep));
}

Result<GgufFile> GgufFile::open(const std::string& path) {
  std::error_code unseen;
  if (folder_reader != nullptr && std::filesystem::is_directory(path, unseen))
    return folder_reader(path);
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
  constexpr const char* kTogether =
      "Keep all parts of a split model in one folder under their own names.";
  const auto bad = [&](const std::string& what) {
    return fail(ExitCode::bad_input_file, what, path, kTogether);
  };
  if (file->rep_->next_file != 0) {
    return fail(ExitCode::bad_input_file,
                fmt::format("parts of a split model were joined into one file: another GGUF file "
                            "begins at byte {}",
                            file->rep_->next_file),
                path,
                fmt::format("Keep the {} parts as they are and name the first, or join them with "
                            "llama-gguf-split --merge.",
                            *count));
  }
  if (*count > 99999 || split_path(path, 0, *count).empty()) {
    return bad(fmt::format("the file is one of {} parts but is not named …-00001-of-{:05}.gguf",
                           *count, *count));
  }
  for (int64_t i = 0; i < *count; ++i) {
    const std::string part_path = split_path(path, i, *count);
    auto part_map = MappedFile::open(part_path);
    if (!part_map) {
      part_map.error().hint = kTogether;
      return tl::unexpected(part_map.error());
    }
    auto part = parse_gguf_part(part_map->bytes(), part_path, static_cast<int>(i));
    if (!part) return tl::unexpected(part.error());
    const auto number = std::find_if(part->keys.begin(), part->keys.end(),
                                     [](const GgufKey& k) { return k.name == "split.no"; });
    if (number == part->keys.end() || !std::holds_alternative<uint64_t>(number->value) ||
        std::get<uint64_t>(number->value) != static_cast<uint64_t>(i)) {
      return bad(fmt::format("{} does not say that it is part {}", part_path, i));
    }
    if (auto ok = rep->add(std::move(*part), part_path); !ok) return tl::unexpected(ok.error());
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

GgufFile::GgufFile(std::shared_ptr<Rep> rep) : rep_(std::move(rep)) {}

const std::string& GgufFile::path() const { return rep_->path; }
uint32_t GgufFile::version() const { return rep_->version; }
uint64_t GgufFile::alignment() const { return rep_->alignment; }
uint64_t GgufFile::size() const { return rep_->size; }
std::span<const GgufPartInfo> GgufFile::parts() const { return rep_->parts; }

void GgufFile::will_read(const GgufTensor& tensor, std::span<const std::byte> range) const {
  const auto part = static_cast<size_t>(tensor.part);
  if (part < rep_->maps.size()) rep_->maps[part].will_read(range);
}

void GgufFile::release(const GgufTensor& tensor, std::span<const std::byte> range) const {
  const auto part = static_cast<size_t>(tensor.part);
  if (part < rep_->maps.size()) rep_->maps[part].release(range);
}

void GgufFile::stream(const GgufTensor& tensor, std::span<const std::byte> range, size_t step,
                      const std::function<void(std::span<const std::byte>)>& visit) const {
  const auto part = [&](size_t at) {
    return at < range.size() ? range.subspan(at, std::min(step, range.size() - at))
                             : std::span<const std::byte>();
  };
  for (size_t at = 0; at < range.size(); at += step) {
    if (const auto next = part(at + step); !next.empty()) will_read(tensor, next);
    visit(part(at));
    release(tensor, part(at));
  }
}

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

std::string_view gguf_type_name(GgufType type) {
  static constexpr std::string_view kNames[] = {"u8",  "i8",  "u16",  "i16",    "u32",
                                                "i32", "f32", "bool", "string", "array",
                                                "u64", "i64", "f64"};
  return kNames[static_cast<size_t>(type)];
}

uint64_t gguf_element_bytes(GgufType type) {
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

bool GgufArray::integral() const {
  return element != GgufType::f32 && element != GgufType::f64 && element != GgufType::string;
}

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
      return static_cast<int64_t>(
          std::min<uint64_t>(crossval::element<uint64_t>(numbers, i),
                             static_cast<uint64_t>(std::numeric_limits<int64_t>::max())));
    case GgufType::i64:
      return crossval::element<int64_t>(numbers, i);
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

tl::unexpected<Error> wrong_kind(const GgufFile& file, const GgufKey& key,
                                 std::string_view wanted) {
  const std::string_view type = gguf_type_name(key.type);
  // As it is spoken: an array, an f32, an i8.
  const bool vowel = std::string_view("afi").find(type.front()) != std::string_view::npos;
  return fail(ExitCode::bad_input_file,
              fmt::format("{} {} where {} belongs", vowel ? "an" : "a", type, wanted),
              fmt::format("{}, key {}", file.path(), key.name),
              "llama.cpp refuses it too. Write the key again with the type that the format has "
              "for it.");
}

}  // namespace

Result<int64_t> GgufFile::get_int(std::string_view name) const {
  const GgufKey* key = find_key(name);
  if (key == nullptr) return missing(*this, name);
  if (const auto* i = std::get_if<int64_t>(&key->value)) return *i;
  const auto* u = std::get_if<uint64_t>(&key->value);
  if (u == nullptr || *u > static_cast<uint64_t>(std::numeric_limits<int64_t>::max()))
    return wrong_kind(*this, *key, "an integer");
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
  return wrong_kind(*this, *key, "a floating-point number");
}

Result<double> GgufFile::float_or(std::string_view name, double fallback) const {
  if (find_key(name) == nullptr) return fallback;
  return get_float(name);
}

Result<bool> GgufFile::bool_or(std::string_view name, bool fallback) const {
  const GgufKey* key = find_key(name);
  if (key == nullptr) return fallback;
  if (const auto* b = std::get_if<bool>(&key->value)) return *b;
  return wrong_kind(*this, *key, "a bool");
}

Result<std::string_view> GgufFile::get_string(std::string_view name) const {
  const GgufKey* key = find_key(name);
  if (key == nullptr) return missing(*this, name);
  if (const auto* s = std::get_if<std::string_view>(&key->value)) return *s;
  return wrong_kind(*this, *key, "a string");
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
  return wrong_kind(*this, *key, "an array");
}

}  // namespace crossval
