#include "model/i2s_layout.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <map>
#include <vector>

#include "quant/format.h"

namespace crossval {
namespace {

constexpr size_t kLayouts = std::size(kI2sLayouts);
constexpr double kCertain = 10;  // standard deviations of the noise
constexpr double kApart = 2;     // times the runner-up

// Matrices and the norms that their inputs come from.
constexpr std::pair<std::string_view, std::string_view> kFollows[] = {
    {"attn_q", "attn_norm"},      {"attn_k", "attn_norm"},     {"attn_v", "attn_norm"},
    {"attn_qkv", "attn_norm"},    {"ffn_gate", "ffn_norm"},    {"ffn_up", "ffn_norm"},
    {"ffn_down", "ffn_sub_norm"}, {"output.", "output_norm."}, {"attn_output", "attn_sub_norm"},
};

bool is_i2s(const GgufTensor& tensor) {
  return tensor.type_id == static_cast<uint32_t>(WeightType::i2_s);
}

/// The norm whose weights belong to the columns of `matrix`, if it is there.
const GgufTensor* norm_before(const GgufFile& file, const GgufTensor& matrix) {
  for (const auto& [follower, norm] : kFollows) {
    std::string name(matrix.name);
    const size_t at = name.find(follower);
    if (at == std::string::npos || (at > 0 && name[at - 1] != '.')) continue;
    const GgufTensor* found = file.find_tensor(name.replace(at, follower.size(), norm));
    if (found != nullptr && found->type_id == static_cast<uint32_t>(WeightType::f32) &&
        found->elements() == matrix.ne[0]) {
      return found;
    }
  }
  return nullptr;
}

/// Codes that are not zero weights, by byte of four rows and place in the byte; in every layout
/// four rows are `cols` bytes.
class Densities {
 public:
  explicit Densities(int64_t cols) : cols_(cols) {
    for (auto& of_place : counts_) of_place.resize(static_cast<size_t>(cols_));
  }

  /// A tensor of rows of `cols` values; rows beyond the last four are left out.
  void add(const GgufFile& file, const GgufTensor& tensor) {
    constexpr size_t kStep = size_t{8} << 20;
    const auto cols = static_cast<size_t>(cols_);
    const auto fours = static_cast<size_t>(tensor.elements() / cols_ / 4);
    file.stream(tensor, tensor.data.first(fours * cols), (kStep / cols + 1) * cols,
                [&](std::span<const std::byte> part) {
                  for (size_t at = 0; at < part.size(); at += cols)
                    add_four(reinterpret_cast<const uint8_t*>(part.data()) + at);
                });
  }

  std::vector<double> columns(I2sLayout layout) const {
    std::vector<double> columns(static_cast<size_t>(cols_));
    for (int64_t col = 0; col < cols_; ++col) {
      for (int64_t row = 0; row < 4; ++row) {
        const I2sPlace at = i2s_place(layout, row, col, cols_);
        columns[static_cast<size_t>(col)] +=
            counts_[static_cast<size_t>(3 - at.shift / 2)][static_cast<size_t>(at.byte)];
      }
    }
    return columns;
  }

 private:
  void add_four(const uint8_t* bytes) {
    for (size_t place = 0; place < 4; ++place) {
      for (int64_t i = 0; i < cols_; ++i)
        counts_[place][static_cast<size_t>(i)] += (bytes[i] >> (6 - 2 * place) & 3) != 1 ? 1 : 0;
    }
  }

  int64_t cols_;
  std::array<std::vector<uint32_t>, 4> counts_;
};

std::vector<double> magnitudes(const GgufTensor& norm) {
  std::vector<double> values;
  for (int64_t i = 0; i < norm.elements(); ++i) {
    float value = 0;
    std::memcpy(&value, norm.data.data() + 4 * i, sizeof value);
    values.push_back(std::fabs(double{value}));
  }
  return values;
}

/// correlation² · (n − 1); 0 where one side does not vary, or is not finite.
double evidence(const std::vector<double>& x, const std::vector<double>& y) {
  const auto n = static_cast<double>(x.size());
  double mean_x = 0, mean_y = 0;
  for (size_t i = 0; i < x.size(); ++i) {
    mean_x += x[i] / n;
    mean_y += y[i] / n;
  }
  double xx = 0, yy = 0, xy = 0;
  for (size_t i = 0; i < x.size(); ++i) {
    xx += (x[i] - mean_x) * (x[i] - mean_x);
    yy += (y[i] - mean_y) * (y[i] - mean_y);
    xy += (x[i] - mean_x) * (y[i] - mean_y);
  }
  const double squared = xy * xy / (xx * yy);
  return std::isfinite(squared) ? squared * (n - 1) : 0;
}

I2sReading by_statistics(const GgufFile& file) {
  // Matrices that follow one norm have columns alike, and so are one observation.
  std::map<const GgufTensor*, Densities> observed;
  for (const GgufTensor& tensor : file.tensors()) {
    const GgufTensor* norm = is_i2s(tensor) ? norm_before(file, tensor) : nullptr;
    if (norm != nullptr) observed.try_emplace(norm, norm->ne[0]).first->second.add(file, tensor);
  }
  if (observed.empty()) return {I2sLayout::x86, "assumed: no matrix follows a norm", false};

  const auto norms = static_cast<double>(observed.size());
  std::array<double, kLayouts> sums{};
  for (const auto& [norm, densities] : observed) {
    const std::vector<double> weights = magnitudes(*norm);
    for (size_t l = 0; l < kLayouts; ++l)
      sums[l] += evidence(densities.columns(kI2sLayouts[l]), weights);
  }

  std::string scores;
  for (size_t l = 0; l < kLayouts; ++l) {
    sums[l] = (sums[l] - norms) / std::sqrt(2 * norms);
    scores +=
        fmt::format("{}{} {:.1f}", l == 0 ? "" : ", ", i2s_layout_name(kI2sLayouts[l]), sums[l]);
  }
  const auto best = static_cast<size_t>(std::ranges::max_element(sums) - sums.begin());
  double second = 0;
  for (size_t l = 0; l < kLayouts; ++l) {
    if (l != best) second = std::max(second, sums[l]);
  }
  if (sums[best] < kCertain || sums[best] < kApart * second) {
    return {I2sLayout::x86, fmt::format("assumed: the statistics do not tell ({})", scores), false};
  }
  return {kI2sLayouts[best], fmt::format("by statistics ({})", scores), true};
}

}  // namespace

std::string undecided_i2s_layout(const I2sReading& reading) {
  return fmt::format("I2_S weights are read in layout {}, {}; say which it is with --i2s-layout",
                     i2s_layout_name(reading.layout), reading.why);
}

std::optional<I2sReading> read_i2s_layout(const GgufFile& file, std::optional<I2sLayout> asked) {
  if (std::ranges::none_of(file.tensors(), is_i2s)) return std::nullopt;
  if (asked) return I2sReading{*asked, "asked for", true};
  return by_statistics(file);
}

}  // namespace crossval
