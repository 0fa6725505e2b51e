#include "graph/mistakes.h"

#include <algorithm>
#include <vector>

#include "graph/mistakes/families.h"

namespace crossval {

std::span<const Mistake> mistakes() {
  static const std::vector<Mistake> kAll = [] {
    std::vector<Mistake> all;
    for (const auto family : {embedding_mistakes, norm_mistakes, bias_mistakes, rope_mistakes,
                              attention_mistakes, feed_forward_mistakes, expert_mistakes,
                              block_mistakes, weight_mistakes, rounding_mistakes}) {
      const std::span<const Mistake> some = family();
      all.insert(all.end(), some.begin(), some.end());
    }
    return all;
  }();
  return kAll;
}

const Mistake* find_mistake(std::string_view name) {
  const auto found = std::ranges::find(mistakes(), name, &Mistake::name);
  return found == mistakes().end() ? nullptr : &*found;
}

}  // namespace crossval
