#include "inspect/findings.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "inspect/tensor/selection.h"
#include "quant/format.h"

namespace crossval {
namespace {

// Trained weights stay far within these.
constexpr double kAbsurdScale = 1000;  // of the median block's magnitude
constexpr double kOddNorm = 30;        // of the median layer's size, or below its inverse
constexpr size_t kFewestLayers = 4;    // fewer have no usual size
constexpr int64_t kFewestValues = 8;   // fewer may be equal by chance
constexpr int64_t kUnusedToken = 5;    // of tokenizer.ggml.token_type

bool is_norm(std::string_view name) { return name.ends_with("norm.weight"); }

/// RoPE factors may all be 1, scales of single matrices may be equal.
bool may_be_constant(std::string_view name) {
  return name.starts_with("rope_") || name.ends_with("scale");
}

/// The upper median of what `figure` gives of each; of at least one.
template <class Values, class Figure>
double median_of(const Values& values, Figure figure) {
  std::vector<double> sorted;
  sorted.reserve(values.size());
  std::ranges::transform(values, std::back_inserter(sorted), figure);
  std::ranges::sort(sorted);
  return sorted[sorted.size() / 2];
}

bool is_vocabulary(std::string_view name) {
  return name == "token_embd.weight" || name == "output.weight";
}

/// Rows of zeros that mean something: those of unused tokens are zero in sound models.
int64_t telling_zero_rows(const GgufFile& file, const ScannedTensor& scanned) {
  const TensorScan& scan = scanned.scan;
  const GgufKey* key = file.find_key("tokenizer.ggml.token_type");
  const auto* types = key == nullptr ? nullptr : std::get_if<GgufArray>(&key->value);
  if (!is_vocabulary(scanned.tensor->name) || types == nullptr ||
      types->element == GgufType::string)
    return scan.zero_rows;
  const auto unused = std::ranges::count_if(scan.first_zero_rows, [&](int64_t row) {
    return static_cast<uint64_t>(row) < types->count &&
           types->integer(static_cast<uint64_t>(row)) == kUnusedToken;
  });
  return scan.zero_rows - unused;
}

void find_non_finite(const ScannedTensor& scanned, std::vector<FileFinding>& findings) {
  const ValueSummary& v = scanned.scan.values;
  if (v.non_finite == 0) return;
  findings.push_back({"non-finite", std::string(scanned.tensor->name),
                      fmt::format("{} of {} values are NaN or infinite, the first in row {}",
                                  v.non_finite, v.values, scanned.scan.first_non_finite_row)});
}

void find_in_tensor(const GgufFile& file, const ScannedTensor& scanned,
                    std::vector<FileFinding>& findings) {
  const GgufTensor& tensor = *scanned.tensor;
  const TensorScan& scan = scanned.scan;
  const ValueSummary& v = scan.values;
  const std::string name(tensor.name);
  find_non_finite(scanned, findings);
  if (tensor.dims > 1 && scan.blocks.largest_in_medians() > kAbsurdScale) {
    findings.push_back(
        {"absurd-scale", name,
         fmt::format("a block of row {} reaches {:.3g}, {:.2g} times the median block",
                     scan.blocks.largest_row, scan.blocks.largest,
                     scan.blocks.largest_in_medians())});
  }
  const bool constant = v.non_finite == 0 && v.min == v.max && v.values >= kFewestValues;
  if (constant && !may_be_constant(tensor.name)) {
    findings.push_back({"constant", name, fmt::format("all {} values are {:g}", v.values, v.min)});
    return;
  }
  if (const int64_t rows = telling_zero_rows(file, scanned); tensor.dims > 1 && rows > 0) {
    findings.push_back(
        {"zero-rows", name,
         fmt::format("{} of {} rows are all zero, the first is row {}", rows,
                     tensor.elements() / tensor.ne[0], scan.first_zero_rows.front())});
  }
}

/// A format with one scale for the whole tensor has no other blocks to compare with: the median of
/// such tensors is what is usual.
void find_absurd_tensor_scales(std::span<const ScannedTensor> tensors,
                               std::vector<FileFinding>& findings) {
  std::vector<std::pair<double, std::string_view>> scales;
  for (const ScannedTensor& scanned : tensors) {
    const WeightFormat* format = find_weight_format(scanned.tensor->type_id);
    if (format != nullptr && format->tail_bytes > 0)
      scales.emplace_back(scanned.scan.blocks.largest, scanned.tensor->name);
  }
  if (scales.empty()) return;
  const double median = median_of(scales, [](const auto& scale) { return scale.first; });
  for (const auto& [scale, name] : scales) {
    if (scale <= kAbsurdScale * median) continue;
    findings.push_back(
        {"absurd-scale", std::string(name),
         fmt::format("its scale is {:.3g}, the median tensor's {:.3g}", scale, median)});
  }
}

/// Norms whose size differs from that of the same norm in the other layers.
void find_odd_norms(std::span<const ScannedTensor> tensors, std::vector<FileFinding>& findings) {
  std::map<std::string, std::vector<const ScannedTensor*>> kinds;
  for (const ScannedTensor& scanned : tensors)
    if (is_norm(scanned.tensor->name)) kinds[kind_of(scanned.tensor->name)].push_back(&scanned);
  for (const auto& [kind, norms] : kinds) {
    if (norms.size() < kFewestLayers) continue;
    const double median =
        median_of(norms, [](const ScannedTensor* norm) { return norm->scan.values.rms; });
    for (const ScannedTensor* norm : norms) {
      const double size = norm->scan.values.rms;
      if (size <= kOddNorm * median && size * kOddNorm >= median) continue;
      findings.push_back(
          {"odd-norm", std::string(norm->tensor->name),
           fmt::format("its size is {:.3g}, the median layer's {:.3g}", size, median)});
    }
  }
}

// Architectures whose norms multiply by 1 + w: their files hold the sum.
constexpr std::string_view kNormsWithOne[] = {"gemma", "gemma2", "gemma3", "gemma-embedding",
                                              "nemotron"};
constexpr double kNegativeShare = 0.1;  // 1 + w is hardly ever negative, w is so often

/// Norms from which the 1 is missing.
void find_norms_without_one(const GgufFile& file, std::span<const ScannedTensor> tensors,
                            std::vector<FileFinding>& findings) {
  const auto architecture = file.string_or("general.architecture", "");
  if (!architecture || std::ranges::find(kNormsWithOne, *architecture) == std::end(kNormsWithOne))
    return;
  int64_t values = 0;
  int64_t negative = 0;
  std::string first;
  for (const ScannedTensor& scanned : tensors) {
    if (!is_norm(scanned.tensor->name)) continue;
    values += scanned.scan.values.values;
    negative += scanned.scan.values.negative;
    if (first.empty() && scanned.scan.values.negative > 0) first = scanned.tensor->name;
  }
  if (static_cast<double>(negative) <= kNegativeShare * static_cast<double>(values)) return;
  findings.push_back({"norms-without-one", first,
                      fmt::format("{} of {} norm weights are negative: {} multiplies by 1 + w, and "
                                  "files hold that sum",
                                  negative, values, *architecture)});
}

}  // namespace

void find_in_layout(const GgufFile& file, std::vector<FileFinding>& findings) {
  const auto parts = file.parts();
  for (size_t p = 0; p < parts.size(); ++p) {
    std::vector<const GgufTensor*> tensors;
    for (const GgufTensor& tensor : file.tensors())
      if (static_cast<size_t>(tensor.part) == p) tensors.push_back(&tensor);
    std::ranges::sort(tensors, {}, &GgufTensor::offset);
    const auto padded = [&](uint64_t end) {
      return (end + file.alignment() - 1) / file.alignment() * file.alignment();
    };
    uint64_t end = parts[p].data_start;
    for (const GgufTensor* tensor : tensors) {
      if (tensor->offset > padded(end)) {
        findings.push_back({"unused-bytes", std::string(tensor->name),
                            fmt::format("{} bytes before its data, from offset {}, belong to no "
                                        "tensor",
                                        tensor->offset - padded(end), padded(end))});
      }
      end = tensor->offset + tensor->data.size();
    }
    if (parts[p].size > padded(end)) {
      findings.push_back({"trailing-bytes", parts[p].path,
                          fmt::format("{} bytes follow the last tensor, from offset {}",
                                      parts[p].size - padded(end), padded(end))});
    }
  }
}

void find_in_tensors(std::span<const TensorProblem> problems, std::vector<FileFinding>& findings) {
  static constexpr const char* kNames[] = {"missing-tensor", "unknown-tensor", "wrong-shape",
                                           "wrong-type", "unsound-weights"};
  for (const TensorProblem& problem : problems)
    findings.push_back({kNames[static_cast<size_t>(problem.kind)], problem.tensor, problem.what});
}

void find_in_positions(const GgufFile& file, std::vector<FileFinding>& findings) {
  const auto architecture = file.string_or("general.architecture", "");
  if (!architecture) return;
  const std::string prefix = std::string(*architecture) + ".rope.scaling.";
  const auto scaling = file.string_or(prefix + "type", "");
  const std::string original = prefix + "original_context_length";
  if (!scaling || (*scaling != "yarn" && *scaling != "longrope") ||
      file.find_key(original) != nullptr)
    return;
  const auto context = file.int_or(std::string(*architecture) + ".context_length", 0);
  findings.push_back(
      {"no-original-context", original,
       fmt::format(
           "{} scales from the context that the model was trained with, which the file does "
           "not say; {} is taken",
           *scaling, context.value_or(0))});
}

void find_in_i2s_layout(const GgufFile& file, const I2sReading& reading,
                        std::optional<I2sLayout> asked, std::vector<FileFinding>& findings) {
  if (!asked) {
    if (!reading.decided)
      findings.push_back({"undecided-i2s-layout", "", undecided_i2s_layout(reading)});
    return;
  }
  const I2sReading seen = *read_i2s_layout(file, std::nullopt);
  if (!seen.decided || seen.layout == *asked) return;
  findings.push_back(
      {"wrong-i2s-layout", "",
       fmt::format("layout {} was asked for, the weights are in {} {}", i2s_layout_name(*asked),
                   i2s_layout_name(seen.layout), seen.why)});
}

void find_non_finite(std::span<const ScannedTensor> tensors, std::vector<FileFinding>& findings) {
  for (const ScannedTensor& scanned : tensors) find_non_finite(scanned, findings);
}

void find_in_values(const GgufFile& file, std::span<const ScannedTensor> tensors,
                    std::vector<FileFinding>& findings) {
  for (const ScannedTensor& scanned : tensors) find_in_tensor(file, scanned, findings);
  find_absurd_tensor_scales(tensors, findings);
  find_odd_norms(tensors, findings);
  find_norms_without_one(file, tensors, findings);
}

}  // namespace crossval
