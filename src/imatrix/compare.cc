#include "imatrix/compare.h"

#include <fmt/format.h>

#include <bit>
#include <charconv>
#include <cmath>
#include <limits>
#include <numeric>
#include <tuple>

namespace crossval {
namespace {

// "blk.10.attn_q.weight": 10; −1: of no layer.
int layer_of(const std::string& name) {
  constexpr std::string_view kBlock = "blk.";
  const size_t at = name.find(kBlock);
  int layer = -1;
  if (at != std::string::npos)
    std::from_chars(name.data() + at + kBlock.size(), name.data() + name.size(), layer);
  return layer;
}

// Those of no layer last: the output's.
auto place_of(const ImatrixTensor& tensor) {
  const int layer = layer_of(tensor.name);
  return std::tuple(layer < 0 ? std::numeric_limits<int>::max() : layer,
                    std::string_view(tensor.name));
}

double sum_of(const std::vector<float>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0);
}

bool same_bits(const std::vector<float>& a, const std::vector<float>& b) {
  return std::ranges::equal(a, b, {}, std::bit_cast<uint32_t, float>,
                            std::bit_cast<uint32_t, float>);
}

ImatrixTensor compare_entry(const std::string& name, const ImatrixEntry& a, const ImatrixEntry& b) {
  ImatrixTensor t{.name = name,
                  .channels = std::ssize(b.sums),
                  .matrices = std::max(std::ssize(a.counts), std::ssize(b.counts)),
                  .candidate_count = sum_of(a.counts),
                  .reference_count = sum_of(b.counts),
                  .candidate_sum = sum_of(a.sums),
                  .reference_sum = sum_of(b.sums)};
  t.identical = same_bits(a.sums, b.sums) && same_bits(a.counts, b.counts);
  double ab = 0, aa = 0, bb = 0, dd = 0;
  for (size_t i = 0; i < b.sums.size(); ++i) {
    const float of_a = a.counts[i / a.inputs()], of_b = b.counts[i / b.inputs()];
    if (of_a == 0 || of_b == 0) continue;
    const double x = double{a.sums[i]} / of_a, y = double{b.sums[i]} / of_b;
    ab += x * y, aa += x * x, bb += y * y, dd += (x - y) * (x - y);
    ++t.compared;
    if (!(std::abs(x - y) <= t.max_abs_diff)) {
      t.max_abs_diff = std::abs(x - y);
      t.max_abs_channel = static_cast<int64_t>(i);
    }
  }
  const bool equal = t.compared > 0 && dd == 0;
  t.cosine = equal ? 1 : ab / std::sqrt(aa * bb);
  t.relative_l2 = equal ? 0 : std::sqrt(dd / bb);
  return t;
}

void warn_about_formats(ImatrixComparison& c) {
  c.warnings.push_back(
      {"format-says-less",
       "an importance matrix has sums over all tokens: neither which these were, nor signs, nor "
       "positions"});
  for (const auto* side : {&c.candidate, &c.reference}) {
    if (!side->legacy) continue;
    c.warnings.push_back(
        {"format-says-less", fmt::format("the {}'s .dat counts chunks, of all experts together",
                                         side == &c.candidate ? "candidate" : "reference")});
  }
  if (c.candidate.legacy == c.reference.legacy) {
    const auto other = std::ranges::find_if(
        c.tensors, [](const ImatrixTensor& t) { return t.candidate_count != t.reference_count; });
    if (other != c.tensors.end()) {
      c.warnings.push_back(
          {"counts-differ",
           fmt::format("{} has seen {} vectors in the candidate's file and {} in "
                       "the reference's: of another text, or by another routing",
                       other->name, other->candidate_count, other->reference_count)});
    }
  }
  if (!c.candidate.datasets.empty() && !c.reference.datasets.empty() &&
      c.candidate.datasets != c.reference.datasets)
    c.warnings.push_back({"datasets-differ", "the files name different texts"});
}

}  // namespace

ImatrixComparison compare_imatrices(const Imatrix& candidate, const Imatrix& reference,
                                    double cos_tol) {
  ImatrixComparison c{.candidate = candidate.facts,
                      .reference = reference.facts,
                      .cos_tol = cos_tol,
                      .l2_tol = std::sqrt(2 * (1 - cos_tol)),
                      .tensors = {},
                      .only_candidate = {},
                      .only_reference = {},
                      .warnings = {}};
  for (const auto& [name, entry] : candidate.entries) {
    const auto other = reference.entries.find(name);
    // Of another width it is another weight.
    if (other == reference.entries.end() || other->second.sums.size() != entry.sums.size()) {
      c.only_candidate.push_back(name);
      continue;
    }
    ImatrixTensor tensor = compare_entry(name, entry, other->second);
    tensor.passed =
        tensor.identical || (tensor.cosine >= cos_tol && tensor.relative_l2 <= c.l2_tol);
    c.tensors.push_back(std::move(tensor));
  }
  for (const auto& [name, entry] : reference.entries) {
    const auto other = candidate.entries.find(name);
    if (other == candidate.entries.end() || other->second.sums.size() != entry.sums.size())
      c.only_reference.push_back(name);
  }
  std::ranges::sort(c.tensors, {}, place_of);
  warn_about_formats(c);
  return c;
}

}  // namespace crossval
