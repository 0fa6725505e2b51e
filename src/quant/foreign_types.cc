#include "quant/foreign_types.h"

#include <algorithm>
#include <iterator>

namespace crossval {
namespace {

struct ForeignType {
  uint32_t first, last;
  std::string_view what;
};

constexpr ForeignType kForeignTypes[] = {
    {4, 5, "Q4_2 or Q4_3, removed from llama.cpp in 2023"},
    {31, 33, "Q4_0 repacked for ARM, removed from llama.cpp in 2024; convert from the Q4_0 file"},
    {36, 36,
     "I2_S in bitnet.cpp and ik_llama.cpp (quantised with several threads it comes out broken: "
     "take "
     "one), IQ4_NL_4_4 in llama.cpp of autumn 2024"},
    {37, 37, "I8_S in bitnet.cpp, IQ4_NL_4_8 in llama.cpp of autumn 2024"},
    {38, 38,
     "TL1 in bitnet.cpp, tiled for one kernel: convert the model to I2_S; IQ4_NL_8_8 in llama.cpp "
     "of autumn 2024"},
    {39, 39, "MXFP4, but TL2 in bitnet.cpp, tiled for one kernel: convert the model to I2_S"},
    {40, 40, "NVFP4, but Q1_0 with blocks of 32 in PrismML's fork"},
    {41, 41, "Q1_0, but TQ3_0 in TurboQuant forks"},
    {42, 42, "Q2_0, but another format in forks"},
    {97, 399, "a format of ik_llama.cpp alone"},
};

}  // namespace

std::string_view foreign_type(uint32_t type_id) {
  const auto* found = std::ranges::find_if(kForeignTypes, [&](const ForeignType& foreign) {
    return foreign.first <= type_id && type_id <= foreign.last;
  });
  return found == std::end(kForeignTypes) ? std::string_view() : found->what;
}

}  // namespace crossval
