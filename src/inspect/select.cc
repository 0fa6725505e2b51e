#include "inspect/select.h"

#include <algorithm>
#include <tuple>

namespace crossval {
namespace {

// The last * is the only one that needs to be tried again: what it skips, an earlier one could.
bool glob_matches(std::string_view name, std::string_view glob) {
  size_t n = 0;
  size_t g = 0;
  size_t star = std::string_view::npos;  // in glob
  size_t skipped_to = 0;                 // in name
  while (n < name.size()) {
    if (g < glob.size() && glob[g] == '*') {
      star = g++;
      skipped_to = n;
    } else if (g < glob.size() && (glob[g] == '?' || glob[g] == name[n])) {
      ++g;
      ++n;
    } else if (star != std::string_view::npos) {
      g = star + 1;
      n = ++skipped_to;
    } else {
      return false;
    }
  }
  while (g < glob.size() && glob[g] == '*') ++g;
  return g == glob.size();
}

}  // namespace

bool name_matches(std::string_view name, std::string_view filter) {
  if (filter.find_first_of("*?") == std::string_view::npos)
    return name.find(filter) != std::string_view::npos;
  return glob_matches(name, filter);
}

void sort_tensors(std::vector<InspectedTensor>& tensors, TensorOrder order) {
  using T = InspectedTensor;
  switch (order) {
    case TensorOrder::file:
      break;
    case TensorOrder::name:
      std::ranges::sort(tensors, {}, &T::name);
      break;
    case TensorOrder::size:
      std::ranges::sort(tensors, [](const T& a, const T& b) {
        return std::tie(b.bytes, a.part, a.offset, a.name) <
               std::tie(a.bytes, b.part, b.offset, b.name);
      });
      break;
    case TensorOrder::offset:
      std::ranges::sort(tensors, {}, [](const T& t) { return std::tie(t.part, t.offset, t.name); });
      break;
  }
}

}  // namespace crossval
