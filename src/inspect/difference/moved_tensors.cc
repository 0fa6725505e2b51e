#include "inspect/difference/moved_tensors.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <functional>
#include <string_view>

namespace crossval {
namespace {

constexpr size_t kStep = size_t{8} << 20;
constexpr size_t kProbe = 4096;  // bytes at either end

/// Of type, shape and some bytes: what equal tensors have in common, and others rarely do.
uint64_t fingerprint(const GgufTensor& tensor) {
  const size_t n = std::min(kProbe, tensor.data.size());
  const auto text = [](std::span<const std::byte> bytes) {
    return std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  };
  uint64_t hash = std::hash<std::string_view>{}(text(tensor.data.first(n)));
  const auto add = [&](uint64_t value) { hash = (hash ^ value) * 0x9E3779B97F4A7C15U; };
  add(std::hash<std::string_view>{}(text(tensor.data.last(n))));
  add(tensor.type_id);
  for (const int64_t dimension : tensor.ne) add(static_cast<uint64_t>(dimension));
  return hash;
}

}  // namespace

bool has_same_bytes(const GgufFile& a_file, const GgufTensor& a, const GgufFile& b_file,
                    const GgufTensor& b) {
  if (a.data.size() != b.data.size()) return false;
  for (size_t at = 0; at < a.data.size(); at += kStep) {
    const size_t n = std::min(kStep, a.data.size() - at);
    const auto a_part = a.data.subspan(at, n);
    const auto b_part = b.data.subspan(at, n);
    a_file.will_read(a, a_part);
    b_file.will_read(b, b_part);
    const bool same = std::memcmp(a_part.data(), b_part.data(), n) == 0;
    a_file.release(a, a_part);
    b_file.release(b, b_part);
    if (!same) return false;
  }
  return true;
}

MovedTensors::MovedTensors(const GgufFile& a, const GgufFile& b, const FileNames& names)
    : a_(a), b_(b), names_(names), in_a_(listed(a)), in_b_(listed(b)) {}

MovedTensors::Tensors MovedTensors::listed(const GgufFile& file) {
  Tensors tensors;
  for (const GgufTensor& tensor : file.tensors()) tensors.emplace(fingerprint(tensor), &tensor);
  return tensors;
}

const GgufTensor* MovedTensors::twin(const GgufFile& from, const GgufTensor& tensor,
                                     const GgufFile& in, const Tensors& tensors) {
  const auto [first, last] = tensors.equal_range(fingerprint(tensor));
  for (auto at = first; at != last; ++at) {
    if (at->second->name != tensor.name && at->second->type_id == tensor.type_id &&
        at->second->ne == tensor.ne && has_same_bytes(from, tensor, in, *at->second))
      return at->second;
  }
  return nullptr;
}

std::optional<TensorChange> MovedTensors::find(const GgufTensor* a, const GgufTensor* b) const {
  if (b == nullptr) {
    const GgufTensor* other = twin(a_, *a, b_, in_b_);
    if (other == nullptr || a_.find_tensor(other->name) != nullptr) return std::nullopt;
    return TensorChange{"renamed", fmt::format("the {} has it as {}", names_.b, other->name)};
  }
  const GgufTensor* other = twin(b_, *b, a_, in_a_);
  if (other == nullptr) return std::nullopt;
  if (a == nullptr) {
    if (b_.find_tensor(other->name) != nullptr) return std::nullopt;
    return TensorChange{"renamed", fmt::format("the {} has it as {}", names_.a, other->name)};
  }
  const GgufTensor* partner = b_.find_tensor(other->name);
  const bool mutual = partner != nullptr && partner->type_id == a->type_id &&
                      partner->ne == a->ne && has_same_bytes(b_, *partner, a_, *a);
  if (mutual) return TensorChange{"exchanged", fmt::format("exchanged with {}", other->name)};
  return TensorChange{"moved",
                      fmt::format("the {}'s is the {}'s {}", names_.b, names_.a, other->name)};
}

}  // namespace crossval
