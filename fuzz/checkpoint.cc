// A checkpoint's config.json, a zero byte, and its model.safetensors: any bytes are refused with an
// error, or become tensors of the sizes that were planned.
#include <cstdint>
#include <cstdlib>
#include <span>
#include <string>
#include <string_view>

#include "checkpoint/architecture.h"
#include "checkpoint/config.h"
#include "checkpoint/key_list.h"
#include "checkpoint/numbers.h"
#include "checkpoint/rope.h"
#include "checkpoint/tensors.h"
#include "safetensors/reader.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace crossval;
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const size_t zero = input.find('\0');
  const std::string_view weights =
      zero == std::string_view::npos ? std::string_view() : input.substr(zero + 1);
  const auto config = JsonFile::parse(input.substr(0, zero), "config.json");
  const auto tensors = parse_safetensors(std::as_bytes(std::span(weights)), "model.safetensors");
  if (!config) return 0;
  const HeadSizes sizes = head_sizes(*config);
  for (const CheckpointArchitecture& row : checkpoint_architectures()) {
    CheckpointMemory memory;
    KeyList keys(memory);
    Losses losses;
    add_numbers(*config, row, keys, losses);
    add_rope(*config, row, keys, losses);
    if (!tensors) continue;
    const auto made = map_tensors(*tensors, row, sizes, "checkpoint");
    if (!made) continue;
    for (const MadeTensor& tensor : *made)
      if (bytes_of(tensor, sizes).size() != tensor.bytes()) std::abort();
  }
  return 0;
}
