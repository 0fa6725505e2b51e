#include "session/tensor_names.h"

#include <algorithm>
#include <utility>

#include "names/names_file.h"

namespace crossval {

TensorNames::TensorNames(std::string list) : text_(std::move(list)) {
  for (size_t begin = 0; begin <= text_.size();) {
    const size_t end = std::min(text_.find(',', begin), text_.size());
    if (end > begin) names_.insert(text_.substr(begin, end - begin));
    begin = end + 1;
  }
}

bool TensorNames::contains(const TraceTensor& tensor) const {
  if (names_.contains("all") || names_.contains(tensor.name)) return true;
  return tensor.layer >= 0 && names_.contains(tensor.name.substr(0, tensor.name.rfind('-')));
}

std::vector<std::string> TensorNames::selected() const {
  if (!std::ranges::all_of(names_, [](const std::string& name) { return layer_of(name) >= 0; }))
    return {};
  return {names_.begin(), names_.end()};
}

}  // namespace crossval
