#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <string>
#include <string_view>

#include "base/shown_text.h"
#include "rowfiles/formats.h"
#include "safetensors/reader.h"

namespace crossval {
namespace {

struct Named {
  std::string_view dtype;
  ValueType type;
};
constexpr Named kTypes[] = {{"F16", ValueType::f16},
                            {"BF16", ValueType::bf16},
                            {"F32", ValueType::f32},
                            {"F64", ValueType::f64}};

// The length of a header that the format allows, and its first brace.
bool begins_like_safetensors(std::span<const std::byte> bytes) {
  constexpr uint64_t kLongestHeader = 100'000'000;
  uint64_t length = 0;
  if (bytes.size() <= sizeof length || bytes[sizeof length] != std::byte{'{'}) return false;
  std::memcpy(&length, bytes.data(), sizeof length);
  return length >= 2 && length <= kLongestHeader;
}

}  // namespace

RowFileResult open_safetensors(MappedFile& file) {
  const auto bytes = file.bytes();
  if (!begins_like_safetensors(bytes)) return nullptr;
  const auto tensors = parse_safetensors(bytes, file.path());
  if (!tensors) return tl::unexpected(tensors.error());
  auto found = std::ranges::find(*tensors, "logits", &SafetensorsTensor::name);
  if (found == tensors->end() && tensors->size() == 1) found = tensors->begin();
  if (found == tensors->end()) {
    return bad_row_file(file, 0,
                        fmt::format("none of its {} tensors is called logits", tensors->size()),
                        "Save it as safetensors.numpy.save_file({\"logits\": logits}, FILE).");
  }
  const auto at = static_cast<uint64_t>(found->data.data() - bytes.data());
  const auto* const type = std::ranges::find(kTypes, found->dtype, &Named::dtype);
  if (type == std::end(kTypes)) {
    return bad_row_file(
        file, at,
        fmt::format("the tensor {} is of {}", shown_text(found->name), shown_text(found->dtype)),
        "Save F32, F16 or BF16.");
  }
  return rows_of_shape(file, "safetensors", found->shape, type->type, at, found->data.size());
}

}  // namespace crossval
