// The loops over whole rows, one set per instruction set. All sets give the same bits: four lanes
// of double, lane l sums the elements l, l + 4, l + 8, …, and the lanes are added (0 + 1) + (2 +
// 3).
#pragma once

#include <cstdint>

namespace crossval {

/// r: reference, c: candidate, d = c − r.
struct RawSums {
  double r, c, d;     // Σ of the values
  double rr, cc, rc;  // Σ of the products
  double dd;          // Σ d²
  double max_abs_d;   // largest |d|
};

/// What the second pass needs to know of a row.
struct RowCentre {
  double mean_r, mean_c;
  double shift;         // mean of d
  double max_r, max_c;  // highest values, subtracted before exp
};

/// Of the values less their means (R = r − mean_r, C = c − mean_c, D = d − shift), and of
/// E = exp(value − maximum).
struct CentredSums {
  double rr, cc, rc;  // Σ R², C², R·C
  double dd;          // Σ D²
  double max_abs_d;   // largest |D|
  double er, ec;      // Σ E of the reference and of the candidate
  double er_d, ec_d;  // Σ E·D
};

struct RowKernels {
  const char* isa;
  RawSums (*raw_sums)(const float* r, const float* c, int64_t n);
  CentredSums (*centred_sums)(const float* r, const float* c, int64_t n, const RowCentre& centre);
  /// The first index in [from, n) with row[i] > limit, else n.
  int64_t (*find_above)(const float* row, int64_t from, int64_t n, float limit);
};

const RowKernels& baseline_row_kernels();  // any CPU
#ifdef __x86_64__
const RowKernels& avx2_row_kernels();  // only where the CPU has AVX2
#endif

/// The fastest that this CPU runs.
const RowKernels& row_kernels();

}  // namespace crossval
