#include "inspect/tensor/selection.h"

#include <algorithm>
#include <numeric>
#include <tuple>
#include <utility>

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

// What ties stays in order. Not std::stable_sort: in libstdc++ 12 it calls what clang 19 refuses as
// deprecated.
template <class Less>
void sort_stably(std::vector<InspectedTensor>& tensors, Less less) {
  std::vector<size_t> order(tensors.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::ranges::sort(order, [&](size_t a, size_t b) {
    if (less(tensors[a], tensors[b])) return true;
    return !less(tensors[b], tensors[a]) && a < b;
  });
  std::vector<InspectedTensor> sorted;
  sorted.reserve(tensors.size());
  for (const size_t i : order) sorted.push_back(std::move(tensors[i]));
  tensors = std::move(sorted);
}

}  // namespace

bool name_matches(std::string_view name, std::string_view filter) {
  if (filter.find_first_of("*?") == std::string_view::npos)
    return name.find(filter) != std::string_view::npos;
  return glob_matches(name, filter);
}

std::string kind_of(std::string_view name) {
  if (!name.starts_with("blk.")) return std::string(name);
  const size_t dot = name.find('.', 4);
  return dot == std::string_view::npos ? std::string(name)
                                       : "blk.*" + std::string(name.substr(dot));
}

void sort_tensors(std::vector<InspectedTensor>& tensors, TensorOrder order) {
  using T = InspectedTensor;
  switch (order) {
    case TensorOrder::file:
      break;
    case TensorOrder::name:
      sort_stably(tensors, [](const T& a, const T& b) { return a.name < b.name; });
      break;
    case TensorOrder::size:
      sort_stably(tensors, [](const T& a, const T& b) { return a.bytes > b.bytes; });
      break;
    case TensorOrder::offset:
      sort_stably(tensors, [](const T& a, const T& b) {
        return std::tie(a.part, a.offset) < std::tie(b.part, b.offset);
      });
      break;
  }
}

}  // namespace crossval
