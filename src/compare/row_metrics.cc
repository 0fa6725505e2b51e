#include "compare/row_metrics.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include "compare/row_kernels.h"
#include "compare/top_tokens.h"

namespace crossval {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

// A zero vector has no direction.
double cosine_of(double rc, double rr, double cc) {
  if (rr == 0 || cc == 0) return 0;
  const double x = rc / (std::sqrt(rr) * std::sqrt(cc));
  if (x > 1) return 1;  // by rounding; written so that NaN stays NaN
  return x < -1 ? -1 : x;
}

double relative(double distance, double length) {
  if (length == 0) return distance == 0 ? 0 : kInfinity;
  return distance / length;
}

// By rounding a divergence of nearly equal rows can come out a little below zero.
double not_negative(double x) { return x < 0 ? 0 : x; }

bool is_constant(std::span<const float> row) {
  return std::ranges::all_of(row, [&](float value) { return value == row[0]; });
}

int32_t find_difference(std::span<const float> c, std::span<const float> r, double magnitude) {
  if (magnitude == 0) return -1;
  for (size_t i = 0; i < c.size(); ++i) {
    if (std::fabs(double{c[i]} - double{r[i]}) == magnitude) return static_cast<int32_t>(i);
  }
  return -1;
}

void set_distances_to_nan(RowMetrics& m) {
  for (double* value :
       {&m.cosine, &m.l2, &m.relative_l2, &m.max_abs_diff, &m.kl, &m.kl_reverse, &m.shift,
        &m.centred_cosine, &m.centred_l2, &m.centred_relative_l2, &m.centred_max_abs_diff}) {
    *value = kNaN;
  }
}

void set_raw(RowMetrics& m, const RawSums& sums) {
  m.cosine = cosine_of(sums.rc, sums.rr, sums.cc);
  m.l2 = std::sqrt(sums.dd);
  m.relative_l2 = relative(m.l2, std::sqrt(sums.rr));
  m.max_abs_diff = sums.max_abs_d;
}

void set_centred(RowMetrics& m, const CentredSums& sums, const RowCentre& centre) {
  m.centred_cosine = cosine_of(sums.rc, sums.rr, sums.cc);
  m.centred_l2 = std::sqrt(sums.dd);
  m.centred_relative_l2 = relative(m.centred_l2, std::sqrt(sums.rr));
  m.centred_max_abs_diff = sums.max_abs_d;
  // log p = value − maximum − log ΣE, so log p_r − log p_c = lift − D for every token, with D the
  // difference of the values less the shift.
  const double lift =
      (centre.max_c - centre.max_r - centre.shift) + (std::log(sums.ec) - std::log(sums.er));
  m.kl = not_negative(lift - sums.er_d / sums.er);
  m.kl_reverse = not_negative(sums.ec_d / sums.ec - lift);
}

}  // namespace

RowMetrics compare_rows(std::span<const float> candidate, std::span<const float> reference) {
  RowMetrics m;
  const auto n = static_cast<int64_t>(reference.size());
  const TopTokens top_r = find_top_tokens(reference);
  m.reference_argmax = top_r.count > 0 ? top_r.ids[0] : -1;
  if (top_r.count > 1) m.reference_margin = double{top_r.values[0]} - double{top_r.values[1]};

  const TopTokens top_c = find_top_tokens(candidate);
  m.candidate_argmax = top_c.count > 0 ? top_c.ids[0] : -1;
  m.top10_overlap = top_overlap(top_r, top_c);
  m.identical = std::memcmp(candidate.data(), reference.data(), reference.size_bytes()) == 0;

  const RowKernels& kernels = row_kernels();
  const RawSums raw = kernels.raw_sums(reference.data(), candidate.data(), n);
  // Squares of floats cannot overflow a double: a sum that is not finite had such a value.
  if (!std::isfinite(raw.rr) || !std::isfinite(raw.cc)) {
    m.identical = false;
    set_distances_to_nan(m);
    return m;
  }
  const auto count = static_cast<double>(n);
  m.candidate_moments = {raw.c / count, std::sqrt(raw.cc)};
  m.reference_moments = {raw.r / count, std::sqrt(raw.rr)};
  if (m.identical) {  // the figures without the rounding of the sums, and without the costly pass
    m.cosine = raw.rr == 0 ? 0 : 1;
    m.centred_cosine = is_constant(reference) ? 0 : 1;
    return m;
  }
  set_raw(m, raw);
  m.max_abs_token = find_difference(candidate, reference, raw.max_abs_d);
  const RowCentre centre{m.reference_moments.mean, m.candidate_moments.mean, raw.d / count,
                         double{top_r.values[0]}, double{top_c.values[0]}};
  m.shift = centre.shift;
  set_centred(m, kernels.centred_sums(reference.data(), candidate.data(), n, centre), centre);
  return m;
}

}  // namespace crossval
