// Zeroed memory that costs nothing until it is touched: for room that is rarely used to its end.
#pragma once

#include <cstddef>
#include <cstdlib>
#include <memory>

namespace crossval {

class ZeroedBytes {
 public:
  ZeroedBytes() = default;
  /// Null afterwards (data()) when there is not enough memory. Pages of a large block are given,
  /// and zeroed, by the kernel at their first touch.
  explicit ZeroedBytes(size_t size)
      : bytes_(static_cast<std::byte*>(std::calloc(size == 0 ? 1 : size, 1))) {}

  std::byte* data() { return bytes_.get(); }
  const std::byte* data() const { return bytes_.get(); }

 private:
  struct Free {
    void operator()(std::byte* bytes) const { std::free(bytes); }
  };
  std::unique_ptr<std::byte, Free> bytes_;
};

}  // namespace crossval
