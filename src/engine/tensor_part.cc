#include "engine/tensor_part.h"

#include <cstddef>

namespace crossval {

TraceTensor part_of(const TraceTensor& tensor, const Range& positions) {
  TraceTensor part = tensor;
  part.first_position = positions.first;
  part.positions = positions.end - positions.first;
  const auto skipped = static_cast<size_t>(positions.first - tensor.first_position);
  const auto count = static_cast<size_t>(part.positions);
  if (!tensor.hashes.empty()) {
    part.hashes = tensor.hashes.subspan(skipped, count);
  } else {
    const auto width = static_cast<size_t>(tensor.width);
    part.data = tensor.data.subspan(skipped * width, count * width);
  }
  return part;
}

}  // namespace crossval
