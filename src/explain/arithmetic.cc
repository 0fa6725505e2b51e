#include "explain/arithmetic.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "explain/cache_codes.h"
#include "explain/units.h"
#include "quant/activation.h"

namespace crossval {
namespace {

constexpr double kClearly = 4;  // times better

double median(std::vector<double> values) {
  const auto middle = values.begin() + std::ssize(values) / 2;
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

/// Of those that were tried, with the medians of the best and the next.
template <class R>
struct Best {
  R rounding{};
  double units = 0, next = 0;
  int64_t operations = 0;
};

template <class R>
std::optional<Best<R>> best_of(const std::map<R, std::vector<double>>& errors, R declared) {
  std::vector<std::pair<double, R>> order;
  int64_t operations = 0;
  for (const auto& [rounding, units] : errors) {
    if (units.empty()) continue;
    order.emplace_back(median(units), rounding);
    operations = std::ssize(units);
  }
  if (order.empty()) return std::nullopt;
  std::sort(order.begin(), order.end());
  // Where two explain the values as well, what is declared is believed.
  const auto first = std::ranges::find(order, declared, &std::pair<double, R>::second);
  // And where none does: then all operations of the kind are wrong.
  const bool none = order[0].first > kLimit;
  if (first != order.end() && (none || first->first < kClearly * order[0].first))
    std::rotate(order.begin(), first, first + 1);
  return Best<R>{order[0].second, order[0].first, order.size() > 1 ? order[1].first : 0,
                 operations};
}

std::string words(ProductRounding rounding, const WeightFormat& format) {
  switch (rounding) {
    case ProductRounding::none:
      return "activations as floats";
    case ProductRounding::declared:
      return fmt::format("activations in {}, as the format declares",
                         activation_name(format.activation));
    case ProductRounding::f16:
      return "activations in F16";
    case ProductRounding::bf16:
      return "activations in BF16";
  }
  return {};
}

std::string words_of_codes(const AttentionRounding& rounding) {
  std::string text;
  if (rounding.key_codes != CacheCodes::none) {
    text = fmt::format("queries in {}, keys in {}",
                       has_minima(rounding.key_codes) ? "Q8_1" : "Q8_0", words(rounding.key_codes));
  } else {
    text = "queries and keys in F16";
  }
  if (rounding.value_codes != CacheCodes::none) {
    text += fmt::format(", values in {}", words(rounding.value_codes));
  } else if (rounding.grid != Grid::none) {
    text += rounding.sums      ? ", values and running sums in F16"
            : rounding.weights ? ", values and weights in F16"
                               : ", values in F16";
  }
  return text + (rounding.turned ? ", codes of turned heads" : "");
}

std::string words(const AttentionRounding& rounding) {
  if (rounding.key_codes != CacheCodes::none || rounding.value_codes != CacheCodes::none)
    return words_of_codes(rounding);
  if (rounding.grid == Grid::none) return "floats throughout";
  std::string text = rounding.queries ? "queries, keys" : "keys";
  if (rounding.weights) text += ", values and weights";
  if (rounding.sums) text += ", values and running sums";
  if (!rounding.weights && !rounding.sums) text += " and values";
  return text + (rounding.grid == Grid::f16 ? " in F16" : " in BF16");
}

}  // namespace

Rounding EngineArithmetic::rounding(const Action& action, int64_t chunk) const {
  Rounding rounding = kDeclared;
  const Matrix* matrix = matrix_of(action);
  if (matrix != nullptr) {
    const auto found = products.find(matrix->format->type);
    if (found != products.end()) rounding.product = found->second;
  }
  if (const auto found = attention.find(chunk >= kWideChunk); found != attention.end())
    rounding.attention = found->second;
  rounding.gelu = gelu;
  return rounding;
}

bool ArithmeticFit::knows_attention() const {
  return !attention_.empty() && std::ranges::all_of(attention_, [](const auto& of_chunks) {
    const auto best = best_of(of_chunks.second, kDeclared.attention);
    return best && best->units <= kLimit;
  });
}

EngineArithmetic ArithmeticFit::best() const {
  EngineArithmetic found;
  for (const auto& [type, errors] : products_)
    if (const auto best = best_of(errors, kDeclared.product)) found.products[type] = best->rounding;
  for (const auto& [wide, errors] : attention_)
    if (const auto best = best_of(errors, kDeclared.attention))
      found.attention[wide] = best->rounding;
  if (const auto best = best_of(gelu_, kDeclared.gelu)) found.gelu = best->rounding;
  return found;
}

std::vector<FittedArithmetic> ArithmeticFit::report() const {
  std::vector<FittedArithmetic> report;
  for (const auto& [type, errors] : products_) {
    const WeightFormat& format = weight_format(type);
    if (const auto best = best_of(errors, kDeclared.product))
      report.push_back({fmt::format("products with {} weights", format.name),
                        words(best->rounding, format), best->units, best->next, best->operations});
  }
  for (const auto& [wide, errors] : attention_) {
    if (const auto best = best_of(errors, kDeclared.attention))
      report.push_back({fmt::format("attention, chunks of {} {} positions",
                                    wide ? "at least" : "fewer than", EngineArithmetic::kWideChunk),
                        words(best->rounding), best->units, best->next, best->operations});
  }
  if (const auto best = best_of(gelu_, kDeclared.gelu))
    report.push_back({"GELU", best->rounding == GeluRounding::f16 ? "from F16 to F16" : "in floats",
                      best->units, best->next, best->operations});
  return report;
}

}  // namespace crossval
