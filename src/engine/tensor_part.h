// Some positions of a tensor.
#pragma once

#include "protocol/answers.h"
#include "protocol/request.h"

namespace crossval {

/// The tensor's values or hashes at `positions`, all of which it has.
TraceTensor part_of(const TraceTensor& tensor, const Range& positions);

}  // namespace crossval
