#include "gguf/writer.h"

#include <bit>
#include <cstring>
#include <utility>

namespace crossval {
namespace {

constexpr uint64_t kAlignment = 32;  // the format's default

uint64_t aligned(uint64_t size) { return (size + kAlignment - 1) / kAlignment * kAlignment; }

/// Little-endian, whatever the host.
template <class T>
void append(std::string& to, T value) {
  for (size_t i = 0; i < sizeof(T); ++i)
    to += static_cast<char>(static_cast<uint64_t>(value) >> (8 * i) & 0xFF);
}

void append(std::string& to, std::string_view text) {
  append(to, uint64_t{text.size()});
  to += text;
}

/// An integer of the width that `type` has.
void append_integer(std::string& to, GgufType type, uint64_t value) {
  for (size_t i = 0; i < gguf_element_bytes(type); ++i)
    to += static_cast<char>(value >> (8 * i) & 0xFF);
}

void append_real(std::string& to, GgufType type, double value) {
  if (type == GgufType::f64) {
    append(to, std::bit_cast<uint64_t>(value));
  } else {
    append(to, std::bit_cast<uint32_t>(static_cast<float>(value)));
  }
}

struct AppendValue {
  std::string& to;
  GgufType type;

  void operator()(uint64_t value) const { append_integer(to, type, value); }
  void operator()(int64_t value) const { append_integer(to, type, static_cast<uint64_t>(value)); }
  void operator()(double value) const { append_real(to, type, value); }
  void operator()(bool value) const { to += static_cast<char>(value); }
  void operator()(std::string_view value) const { append(to, value); }
  void operator()(const GgufArray& array) const {
    append(to, static_cast<uint32_t>(array.element));
    append(to, array.count);
    for (const std::string_view text : array.strings) append(to, text);
    if (array.numbers != nullptr) {  // already as in a file
      to.append(reinterpret_cast<const char*>(array.numbers),
                array.count * gguf_element_bytes(array.element));
    }
  }
};

}  // namespace

void GgufWriter::put_key(std::string_view name, GgufType type) {
  append(keys_, name);
  append(keys_, static_cast<uint32_t>(type));
  ++key_count_;
}

void GgufWriter::add_key(std::string_view name, GgufType type, const GgufValue& value) {
  put_key(name, type);
  std::visit(AppendValue{keys_, type}, value);
}

void GgufWriter::add_string(std::string_view name, std::string_view value) {
  add_key(name, GgufType::string, value);
}
void GgufWriter::add_u32(std::string_view name, uint32_t value) {
  add_key(name, GgufType::u32, uint64_t{value});
}
void GgufWriter::add_f32(std::string_view name, float value) {
  add_key(name, GgufType::f32, double{value});
}
void GgufWriter::add_bool(std::string_view name, bool value) {
  add_key(name, GgufType::boolean, value);
}

void GgufWriter::add_strings(std::string_view name, std::span<const std::string> values) {
  GgufArray array{GgufType::string, values.size(), nullptr, {}};
  array.strings.assign(values.begin(), values.end());
  add_key(name, GgufType::array, array);
}

void GgufWriter::add_i32s(std::string_view name, std::span<const int32_t> values) {
  std::string bytes;
  for (const int32_t value : values) append(bytes, static_cast<uint32_t>(value));
  add_key(name, GgufType::array,
          GgufArray{
              GgufType::i32, values.size(), reinterpret_cast<const std::byte*>(bytes.data()), {}});
}

void GgufWriter::add_tensor(std::string_view name, uint32_t type_id, std::span<const int64_t> ne,
                            uint64_t bytes) {
  append(tensors_, name);
  append(tensors_, static_cast<uint32_t>(ne.size()));
  for (const int64_t n : ne) append(tensors_, static_cast<uint64_t>(n));
  append(tensors_, type_id);
  append(tensors_, data_size_);
  sizes_.push_back(bytes);
  data_size_ += aligned(bytes);
}

std::string GgufWriter::header() const {
  std::string head = "GGUF";
  append(head, uint32_t{3});
  append(head, uint64_t{sizes_.size()});
  append(head, key_count_);
  head += keys_;
  head += tensors_;
  head.resize(aligned(head.size()), '\0');
  return head;
}

Result<void> GgufWriter::start() {
  auto file = PartialFile::create(path_);
  if (!file) return tl::unexpected(file.error());
  file_ = *std::move(file);
  return file_->append(header());
}

Result<void> GgufWriter::write(std::span<const std::byte> bytes) {
  if (bytes.empty()) return {};
  if (current_ == sizes_.size() || written_ + bytes.size() > sizes_[current_]) {
    return fail(ExitCode::internal, "more tensor bytes than were announced", path_);
  }
  if (auto ok = file_->append({reinterpret_cast<const char*>(bytes.data()), bytes.size()}); !ok)
    return ok;
  written_ += bytes.size();
  if (written_ < sizes_[current_]) return {};
  constexpr char kZeros[kAlignment] = {};
  const uint64_t padding = aligned(written_) - written_;
  ++current_;
  written_ = 0;
  return file_->append({kZeros, padding});
}

Result<void> GgufWriter::finish() {
  if (current_ != sizes_.size()) {
    return fail(ExitCode::internal, "fewer tensor bytes than were announced", path_);
  }
  return file_->finish();
}

}  // namespace crossval
