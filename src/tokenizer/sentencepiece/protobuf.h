// Reads Protocol Buffers messages field by field, out of memory that someone else holds.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/error.h"

namespace crossval {

struct ProtobufField {
  uint32_t number = 0;
  uint32_t wire_type = 0;  // 0 varint, 1 eight bytes, 2 length and bytes, 5 four bytes
  uint64_t integer = 0;    // wire types 0, 1 and 5, the latter as bits
  std::string_view bytes;  // wire type 2

  int32_t as_int32() const { return static_cast<int32_t>(integer); }
  bool as_bool() const { return integer != 0; }
  float as_float() const;  // of wire type 5
};

class ProtobufReader {
 public:
  /// `message` must outlive the reader; `where` names it in errors.
  ProtobufReader(std::string_view message, std::string_view where)
      : message_(message), where_(where) {}

  /// The next field; nullopt at the end. Errors (bad_input_file): a field that is cut off or longer
  /// than the message, a number that does not end, groups (which nobody writes).
  Result<std::optional<ProtobufField>> next();

 private:
  std::optional<uint64_t> varint();
  std::optional<std::string_view> take(uint64_t size);
  tl::unexpected<Error> broken(std::string what) const;

  std::string_view message_;
  std::string_view where_;
  size_t at_ = 0;
};

}  // namespace crossval
