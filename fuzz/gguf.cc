// GGUF files: parsing, look-ups, and the bytes that the result points at.
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "gguf/file.h"
#include "quant/format.h"

namespace crossval {
namespace {

volatile double sink = 0;  // what is read must not be optimised away

void read_values(const GgufFile& file) {
  for (const GgufKey& key : file.keys()) {
    (void)file.get_int(key.name);
    (void)file.get_float(key.name);
    (void)file.bool_or(key.name, false);
    (void)file.get_string(key.name);
    const auto array = file.get_array(key.name);
    if (!array || (*array)->count == 0) continue;
    if ((*array)->element == GgufType::string) {
      sink = static_cast<double>((*array)->strings.back().size());
    } else {
      sink = (*array)->number(0) + (*array)->number((*array)->count - 1);
    }
  }
}

void read_tensors(const GgufFile& file) {
  for (const GgufTensor& tensor : file.tensors()) {
    if (file.find_tensor(tensor.name) != &tensor) __builtin_trap();
    if (tensor.data.empty()) continue;
    sink = static_cast<double>(tensor.data.front()) + static_cast<double>(tensor.data.back());
    const WeightFormat* format = find_weight_format(tensor.type_id);
    if (format == nullptr) continue;
    std::vector<float> row(static_cast<size_t>(tensor.ne[0]));
    format->decode(tensor.data.data(), row.data(), tensor.ne[0]);
    sink = row.back();
  }
}

}  // namespace
}  // namespace crossval

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto file = crossval::GgufFile::parse(std::as_bytes(std::span(data, size)), "fuzz");
  if (!file) return 0;
  crossval::read_values(*file);
  crossval::read_tensors(*file);
  return 0;
}
