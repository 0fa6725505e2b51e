// Holds every kernel set, the packing and the decoders against llama.cpp's own functions (canonical
// build: vec_dot, from_float, to_float), over seeded rows; writes the golden files of
// tests/data/kernels.
//
//   kernels_vs_reference                 compare; prints one line per format, exit 1 on a
//   difference kernels_vs_reference --dump DIR      write DIR/NAME.bin
//
// Golden file: u32 n, rows, positions; weights; activations (f32); expected dots (f32, positions x
// rows). Little-endian. Built only with -DCROSSVAL_REFERENCE_BUILD and -DCROSSVAL_REFERENCE_SRC.
#include <cstdio>
#include <cstring>
#include <fstream>
#include <set>
#include <string>
#include <vector>

#include "ggml-cpu.h"
#include "ggml.h"
#include "kernels/kernels.h"
#include "kernels/rows.h"

namespace crossval {
namespace {

using namespace testing_rows;

struct Case {
  int64_t n, rows, positions;
  std::vector<std::byte> weights;
  std::vector<float> activations;
  std::vector<float> dots;   // llama.cpp's
  std::vector<char> packed;  // llama.cpp's
  size_t packed_row = 0;
};

Case make_case(const WeightFormat& format, int64_t n, int64_t rows, int64_t positions, bool extreme,
               uint64_t seed) {
  Random random(seed);
  Case c{n,
         rows,
         positions,
         weight_rows(format, rows, n, extreme && seed % 2 == 0, random),
         activation_rows(positions, n, extreme, random),
         {},
         {},
         0};
  const auto type = static_cast<ggml_type>(format.type);
  const auto* traits = ggml_get_type_traits_cpu(type);
  const auto* partner = ggml_get_type_traits_cpu(traits->vec_dot_type);
  c.packed_row = ggml_row_size(traits->vec_dot_type, n);
  c.packed.resize(c.packed_row * static_cast<size_t>(positions));
  c.dots.resize(static_cast<size_t>(rows * positions));
  for (int64_t p = 0; p < positions; ++p) {
    char* packed = c.packed.data() + static_cast<size_t>(p) * c.packed_row;
    if (partner->from_float != nullptr && traits->vec_dot_type != GGML_TYPE_F32) {
      partner->from_float(c.activations.data() + p * n, packed, n);
    } else {
      std::memcpy(packed, c.activations.data() + p * n, c.packed_row);
    }
    for (int64_t r = 0; r < rows; ++r) {
      traits->vec_dot(static_cast<int>(n), &c.dots[static_cast<size_t>(p * rows + r)], 0,
                      c.weights.data() + r * format.row_bytes(n), 0, packed, 0, 1);
    }
  }
  return c;
}

/// Differences between a kernel set's tile and llama.cpp's dots; the first is printed.
int compare_tiles(const WeightFormat& format, const KernelSet& set, const Case& c) {
  const int64_t stride = packed_row_bytes(format.activation, c.n);
  std::vector<std::byte> packed(static_cast<size_t>(stride * c.positions));
  for (int64_t p = 0; p < c.positions; ++p) {
    set.pack(format.activation)(c.activations.data() + p * c.n, c.n, packed.data() + p * stride);
  }
  std::vector<float> out(c.dots.size());
  set.tile(format.type)(c.weights.data(), format.row_bytes(c.n), c.rows, packed.data(), stride,
                        c.positions, c.n, out.data(), c.rows);
  int differences = 0;
  for (size_t i = 0; i < out.size(); ++i) {
    if (same_float(out[i], c.dots[i])) continue;
    if (differences++ == 0) {
      std::printf("  %s %s n=%lld position %zu row %zu: %.9g, llama.cpp %.9g\n",
                  std::string(format.name).c_str(), std::string(set.name).c_str(),
                  static_cast<long long>(c.n), i / c.rows, i % c.rows, out[i], c.dots[i]);
    }
  }
  return differences;
}

int compare_decoder(const WeightFormat& format, const Case& c) {
  const int64_t count = c.rows * c.n;
  std::vector<float> ours(static_cast<size_t>(count));
  std::vector<float> theirs(ours.size());
  format.decode(c.weights.data(), ours.data(), count);
  const auto* traits = ggml_get_type_traits(static_cast<ggml_type>(format.type));
  if (traits->to_float == nullptr) {
    std::memcpy(theirs.data(), c.weights.data(), c.weights.size());
  } else {
    traits->to_float(c.weights.data(), theirs.data(), count);
  }
  int differences = 0;
  for (size_t i = 0; i < ours.size(); ++i) differences += same_float(ours[i], theirs[i]) ? 0 : 1;
  return differences;
}

bool compare_all(const WeightFormat& format) {
  int dots = 0;
  int values = 0;
  long long compared = 0;
  std::set<const KernelSet*> compared_sets;
  const int64_t block = format.block_elements;
  for (uint64_t seed = 1; seed <= 40; ++seed) {
    const bool extreme = seed > 12;
    const int64_t n = block == 1 ? static_cast<int64_t>(1 + seed * 23)
                                 : block * static_cast<int64_t>(1 + seed % 9);
    const Case c = make_case(format, n, 1 + static_cast<int64_t>(seed % 7),
                             1 + static_cast<int64_t>(seed % 17), extreme, seed);
    for (const KernelSet* set : kernel_sets()) {
      if (!set->supported() || set->tile(format.type) == nullptr) continue;
      dots += compare_tiles(format, *set, c);
      compared_sets.insert(set);
    }
    compared += static_cast<long long>(c.dots.size());
    values += compare_decoder(format, c);
  }
  std::printf("%-8s %6lld dots x %zu sets: %d differ; decoder: %d values differ\n",
              std::string(format.name).c_str(), compared, compared_sets.size(), dots, values);
  return dots == 0 && values == 0;
}

void dump(const WeightFormat& format, const std::string& folder) {
  const int64_t n = format.block_elements == 1 ? 77 : format.block_elements == 32 ? 224 : 512;
  const Case c = make_case(format, n, 5, 8, true, 100);
  const Case ordinary = make_case(format, n, 5, 3, false, 101);
  std::ofstream file(folder + "/" + std::string(format.name) + ".bin", std::ios::binary);
  for (const Case* part : {&ordinary, &c}) {
    for (const int64_t value : {part->n, part->rows, part->positions}) {
      const auto field = static_cast<uint32_t>(value);
      file.write(reinterpret_cast<const char*>(&field), 4);
    }
    file.write(reinterpret_cast<const char*>(part->weights.data()),
               static_cast<std::streamsize>(part->weights.size()));
    file.write(reinterpret_cast<const char*>(part->activations.data()),
               static_cast<std::streamsize>(4 * part->activations.size()));
    file.write(reinterpret_cast<const char*>(part->dots.data()),
               static_cast<std::streamsize>(4 * part->dots.size()));
  }
}

}  // namespace
}  // namespace crossval

int main(int argc, char** argv) {
  ggml_cpu_init();
  bool same = true;
  for (const crossval::WeightFormat& format : crossval::weight_formats()) {
    if (format.type == crossval::WeightType::i2_s) continue;  // of bitnet.cpp
    if (argc == 3 && std::string(argv[1]) == "--dump") {
      crossval::dump(format, argv[2]);
    } else {
      same = crossval::compare_all(format) && same;
    }
  }
  return same ? 0 : 1;
}
