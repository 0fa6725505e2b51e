// Header of a NumPy array file (format version 1.0: numpy.lib.format).
#pragma once

#include <cstdint>
#include <string>

namespace crossval {

/// The header of a little-endian float32 array of rows × columns, in C order. Always 128 bytes, so
/// that it can be written again when the number of rows is known.
std::string npy_header(int64_t rows, int64_t columns);

}  // namespace crossval
