#include "inspect/difference/difference.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <numeric>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "inspect/difference/moved_tensors.h"
#include "inspect/difference/pair_scan.h"
#include "inspect/difference/tensor_change.h"
#include "inspect/inspect.h"
#include "inspect/metadata.h"
#include "inspect/model_facts.h"
#include "inspect/tensor/selection.h"
#include "inspect/tensor/values.h"
#include "model/model.h"

namespace crossval {
namespace {

constexpr uint64_t kShownElements = 4;  // of an array

/// One of the two files.
struct ReadFile {
  GgufFile file;
  std::unique_ptr<Model> model;  // null where its architecture is not known
  std::string why_unknown;
  std::optional<I2sReading> i2s;
};

ReadFile read_side(const GgufFile& file, std::optional<I2sLayout> i2s) {
  ReadFile side{file, nullptr, {}, {}};
  side.i2s = read_i2s_layout(file, i2s);
  auto model = open_model(file);
  if (!model) {
    side.why_unknown = model.error().what;
    return side;
  }
  side.model = *std::move(model);
  side.model->i2s = side.i2s.value_or(I2sReading{});
  read_weights(*side.model, {.codes = false, .copies = false});  // as far as they are sound
  return side;
}

void compare_metadata(const GgufFile& a, const GgufFile& b, FileDifference& difference) {
  for (const GgufKey& key : a.keys()) {
    const GgufKey* other = b.find_key(key.name);
    if (other != nullptr && same_value(key, *other)) continue;
    MetadataDifference entry{std::string(key.name), metadata_entry(key, kShownElements), {}};
    if (other != nullptr) entry.b = metadata_entry(*other, kShownElements);
    difference.metadata.push_back(std::move(entry));
  }
  for (const GgufKey& key : b.keys()) {
    if (a.find_key(key.name) == nullptr) {
      difference.metadata.push_back(
          {std::string(key.name), {}, metadata_entry(key, kShownElements)});
    }
  }
}

void compare_facts(const ReadFile& a, const ReadFile& b, const FileNames& names,
                   FileDifference& difference) {
  for (const auto& [side, name] : {std::pair(&a, &names.a), std::pair(&b, &names.b)}) {
    if (side->model != nullptr || !difference.facts_unknown.empty()) continue;
    difference.facts_unknown = fmt::format("{}: {}", *name, side->why_unknown);
  }
  if (!difference.facts_unknown.empty()) return;
  difference.facts = paired(facts_of(*a.model), facts_of(*b.model));
}

/// What the rows of a tensor are grouped into, by its name and the model's sizes.
RowGroups groups_of(const GgufTensor& tensor, const Model* model) {
  RowGroups groups;
  if (tensor.ne[2] > 1) groups.expert = tensor.ne[1];
  if (model == nullptr) return groups;
  const Hparams& h = model->hparams;
  const auto is = [&](std::string_view part) {
    return tensor.name.find(part) != std::string_view::npos;
  };
  const bool fused = is(".attn_qkv.") && h.head_dim_k == h.head_dim_v;
  if (is(".attn_q.") || is(".attn_k.") || fused) {
    groups.head = h.head_dim_k;
    groups.rotated = h.rope.n_rot;
  } else if (is(".attn_v.")) {
    groups.head = h.head_dim_v;
  }
  return groups;
}

class TensorComparison {
 public:
  TensorComparison(const ReadFile& a, const ReadFile& b, const DifferenceOptions& options,
                   FileDifference& found)
      : a_(a), b_(b), options_(options), found_(found), pool_(options.threads) {}

  Result<void> run();

 private:
  /// A tensor of one file or of both that differs.
  struct Pair {
    const GgufTensor* a = nullptr;
    const GgufTensor* b = nullptr;
  };

  Result<void> sort_out();
  bool is_same(const GgufTensor& a, const GgufTensor& b, std::string* digest) const;
  InspectedTensor listed(const GgufFile& file, const GgufTensor& tensor) const;
  void add(Pair pair);
  Result<void> look_into();
  void look_into(const Pair& pair, TensorDifference& entry);

  const ReadFile& a_;
  const ReadFile& b_;
  const DifferenceOptions& options_;
  FileDifference& found_;
  ThreadPool pool_;
  std::vector<Pair> pairs_;  // beside found_.tensors
};

InspectedTensor TensorComparison::listed(const GgufFile& file, const GgufTensor& tensor) const {
  InspectedTensor listed = listed_tensor(tensor);
  if (options_.digests) listed.sha256 = digest_of(file, tensor);
  return listed;
}

void TensorComparison::add(Pair pair) {
  TensorDifference entry;
  entry.name = std::string((pair.a != nullptr ? pair.a : pair.b)->name);
  entry.kind = kind_of(entry.name);
  if (pair.a != nullptr) entry.a = listed(a_.file, *pair.a);
  if (pair.b != nullptr) entry.b = listed(b_.file, *pair.b);
  found_.tensors.push_back(std::move(entry));
  pairs_.push_back(pair);
}

/// The same type, shape, bytes, and the same meaning of these; with its digest, where asked for.
bool TensorComparison::is_same(const GgufTensor& a, const GgufTensor& b,
                               std::string* digest) const {
  const bool alike = a.type_id == b.type_id && a.ne == b.ne && a.dims == b.dims &&
                     (layout_of(a_.i2s) == layout_of(b_.i2s) ||
                      a.type_id != static_cast<uint32_t>(WeightType::i2_s));
  if (!alike) return false;
  if (!options_.digests) return has_same_bytes(a_.file, a, b_.file, b);
  *digest = digest_of(a_.file, a);
  return *digest == digest_of(b_.file, b);
}

/// Which tensors differ.
Result<void> TensorComparison::sort_out() {
  uint64_t done = 0;
  for (const GgufTensor& tensor : a_.file.tensors()) {
    if (options_.stop.stop_requested()) return fail(ExitCode::interrupted, "interrupted");
    done += tensor.data.size();
    if (!name_matches(tensor.name, options_.filter)) continue;
    const GgufTensor* other = b_.file.find_tensor(tensor.name);
    std::string digest;
    if (other != nullptr && is_same(tensor, *other, &digest)) {
      found_.identical.push_back({std::string(tensor.name), std::move(digest)});
    } else {
      add({&tensor, other});
    }
    if (options_.progress) options_.progress(done, a_.file.size());
  }
  for (const GgufTensor& tensor : b_.file.tensors()) {
    if (name_matches(tensor.name, options_.filter) && a_.file.find_tensor(tensor.name) == nullptr)
      add({nullptr, &tensor});
  }
  return {};
}

void TensorComparison::look_into(const Pair& pair, TensorDifference& entry) {
  const auto a = values_of(a_.file, *pair.a, layout_of(a_.i2s));
  const auto b = values_of(b_.file, *pair.b, layout_of(b_.i2s));
  if (pair.a->ne != pair.b->ne) {
    if (!entry.change) entry.change = find_shape_change(*pair.a, *pair.b, a, b);
    return;
  }
  if (!a || !b) return;
  const PairScan scan = scan_pair(*a, *b, pool_);
  entry.distance = scan.distance;
  if (entry.change) return;
  const Model* model = a_.model != nullptr ? a_.model.get() : b_.model.get();
  entry.change = find_change(*a, *b, scan, groups_of(*pair.a, model), options_.names, pool_);
}

/// How they differ, the smallest first.
Result<void> TensorComparison::look_into() {
  std::vector<size_t> order(pairs_.size());
  std::iota(order.begin(), order.end(), size_t{0});
  const auto size = [&](size_t i) {
    const Pair& pair = pairs_[i];
    return pair.a == nullptr || pair.b == nullptr ? 0 : pair.a->elements();
  };
  std::ranges::sort(order, {}, [&](size_t i) { return std::pair(size(i), i); });
  int64_t left = options_.most_values;
  for (const size_t i : order) {
    if (options_.stop.stop_requested()) return fail(ExitCode::interrupted, "interrupted");
    const Pair& pair = pairs_[i];
    if (pair.a == nullptr || pair.b == nullptr) continue;
    if (size(i) > left) break;
    left -= size(i);
    look_into(pair, found_.tensors[i]);
  }
  return {};
}

Result<void> TensorComparison::run() {
  if (auto ok = sort_out(); !ok) return ok;
  if (pairs_.empty()) return {};
  const MovedTensors moved(a_.file, b_.file, options_.names);
  for (size_t i = 0; i < pairs_.size(); ++i)
    found_.tensors[i].change = moved.find(pairs_[i].a, pairs_[i].b);
  return look_into();
}

}  // namespace

Result<FileDifference> compare_files(const GgufFile& file_a, const GgufFile& file_b,
                                     const DifferenceOptions& options) {
  const ReadFile a = read_side(file_a, options.a_i2s);
  const ReadFile b = read_side(file_b, options.b_i2s);
  FileDifference difference;
  difference.a = file_a.path();
  difference.b = file_b.path();
  difference.a_i2s = facts_of(a.i2s);
  difference.b_i2s = facts_of(b.i2s);
  compare_metadata(file_a, file_b, difference);
  compare_facts(a, b, options.names, difference);
  if (auto ok = TensorComparison(a, b, options, difference).run(); !ok)
    return tl::unexpected(ok.error());
  return difference;
}

}  // namespace crossval
