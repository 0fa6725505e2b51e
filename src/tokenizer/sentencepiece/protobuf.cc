#include "tokenizer/sentencepiece/protobuf.h"

#include <fmt/format.h>

#include <bit>
#include <cstring>

namespace crossval {
namespace {

constexpr int kVarintBytes = 10;

uint64_t little_endian(std::string_view bytes) {
  uint64_t value = 0;
  std::memcpy(&value, bytes.data(), bytes.size());
  return value;
}

}  // namespace

float ProtobufField::as_float() const {
  return std::bit_cast<float>(static_cast<uint32_t>(integer));
}

tl::unexpected<Error> ProtobufReader::broken(std::string what) const {
  return fail(ExitCode::bad_input_file, std::move(what), fmt::format("{}, byte {}", where_, at_));
}

std::optional<uint64_t> ProtobufReader::varint() {
  uint64_t value = 0;
  for (int i = 0; i < kVarintBytes && at_ < message_.size(); ++i) {
    const auto byte = static_cast<uint8_t>(message_[at_++]);
    value |= static_cast<uint64_t>(byte & 0x7F) << (7 * i);
    if ((byte & 0x80) == 0) return value;
  }
  return std::nullopt;
}

std::optional<std::string_view> ProtobufReader::take(uint64_t size) {
  if (size > message_.size() - at_) return std::nullopt;
  const std::string_view bytes = message_.substr(at_, size);
  at_ += size;
  return bytes;
}

Result<std::optional<ProtobufField>> ProtobufReader::next() {
  if (at_ == message_.size()) return std::nullopt;
  const std::optional<uint64_t> tag = varint();
  if (!tag || *tag >> 3 == 0 || *tag >> 32 != 0) return broken("no field of a message");
  ProtobufField field;
  field.number = static_cast<uint32_t>(*tag >> 3);
  field.wire_type = static_cast<uint32_t>(*tag & 7);
  switch (field.wire_type) {
    case 0: {
      const auto value = varint();
      if (!value) return broken("a number of the message does not end");
      field.integer = *value;
      return field;
    }
    case 1:
    case 5: {
      const auto bytes = take(field.wire_type == 1 ? 8 : 4);
      if (!bytes) return broken("the message is cut off");
      field.integer = little_endian(*bytes);
      return field;
    }
    case 2: {
      const auto size = varint();
      const auto bytes = size ? take(*size) : std::nullopt;
      if (!bytes) return broken("a field is longer than the message");
      field.bytes = *bytes;
      return field;
    }
    default:
      return broken(
          fmt::format("wire type {} of field {} is not known", field.wire_type, field.number));
  }
}

}  // namespace crossval
