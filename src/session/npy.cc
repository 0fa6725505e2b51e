#include "session/npy.h"

#include <fmt/format.h>

namespace crossval {
namespace {

constexpr size_t kHeaderBytes = 128;  // a multiple of 64, and enough for any two 64-bit numbers

}  // namespace

std::string npy_header(int64_t rows, int64_t columns) {
  constexpr size_t kPreamble = 10;  // magic, version, length of the rest
  constexpr size_t kRest = kHeaderBytes - kPreamble;
  std::string header("\x93NUMPY\x01\x00", 8);
  header += static_cast<char>(kRest & 0xFF);
  header += static_cast<char>(kRest >> 8);
  header +=
      fmt::format("{{'descr': '<f4', 'fortran_order': False, 'shape': ({}, {}), }}", rows, columns);
  header.resize(kHeaderBytes - 1, ' ');
  return header + '\n';
}

}  // namespace crossval
