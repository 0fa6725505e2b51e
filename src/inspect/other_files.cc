#include "inspect/other_files.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <map>
#include <set>
#include <string_view>

#include "base/count_text.h"
#include "inspect/architecture_words.h"
#include "inspect/tensor/selection.h"
#include "quant/format.h"

namespace crossval {
namespace {

/// Two tensors that belong together by their names: the stem and an ending each.
struct Endings {
  std::string_view first, second;
};
constexpr Endings kLora = {".lora_a", ".lora_b"};
constexpr Endings kImatrix = {".in_sum2", ".counts"};

std::string when(bool condition, std::string text) { return condition ? text : std::string(); }

std::string text_of(const GgufFile& file, std::string_view key) {
  const auto text = file.string_or(key, "");
  return text ? std::string(*text) : std::string();
}

/// "LABEL NUMBER" of a key that the file has; else nothing.
std::string number_of(const GgufFile& file, std::string_view key, std::string_view label) {
  const GgufKey* found = file.find_key(key);
  if (found == nullptr) return {};
  if (const auto real = file.get_float(key); real) return fmt::format("{} {:g}", label, *real);
  const auto whole = file.get_int(key);
  return whole ? fmt::format("{} {}", label, *whole) : std::string();
}

/// The stems of the tensors whose names end so.
std::vector<std::string> stems(const GgufFile& file, std::string_view ending) {
  std::vector<std::string> found;
  for (const GgufTensor& tensor : file.tensors()) {
    if (!tensor.name.ends_with(ending)) continue;
    found.emplace_back(tensor.name.substr(0, tensor.name.size() - ending.size()));
  }
  return found;
}

/// The kinds of matrices, at most a few of them: "blk.*.attn_q.weight, blk.*.attn_v.weight".
std::string kinds_text(const std::vector<std::string>& names) {
  constexpr size_t kShown = 8;
  std::set<std::string> kinds;
  for (const std::string& name : names) kinds.insert(kind_of(name));
  std::vector<std::string> shown(kinds.begin(), kinds.end());
  const size_t more = shown.size() - std::min(shown.size(), kShown);
  shown.resize(shown.size() - more);
  return list_of(shown) + when(more > 0, fmt::format(" and {} more", more));
}

std::vector<std::string> adapter(const GgufFile& file) {
  const std::vector<std::string> matrices = stems(file, kLora.first);
  std::set<int64_t> ranks;
  for (const std::string& name : matrices) {
    const GgufTensor* a = file.find_tensor(name + std::string(kLora.first));
    ranks.insert(a->ne[1]);
  }
  return {list_of({counted(std::ssize(matrices), "pair") + " of factors",
                   when(!ranks.empty(), fmt::format("rank {}", fmt::join(ranks, ", "))),
                   number_of(file, "adapter.lora.alpha", "alpha")}),
          when(!matrices.empty(), "changes " + kinds_text(matrices))};
}

std::vector<std::string> imatrix(const GgufFile& file) {
  const std::vector<std::string> tensors = stems(file, kImatrix.first);
  std::vector<std::string> sets;
  if (const auto list = file.get_array("imatrix.datasets"); list) {
    for (const std::string_view name : (*list)->strings) sets.emplace_back(name);
  }
  return {list_of({"sums of squared inputs of " + counted(std::ssize(tensors), "tensor"),
                   number_of(file, "imatrix.chunk_count", "chunks"),
                   number_of(file, "imatrix.chunk_size", "tokens a chunk")}),
          when(!sets.empty(), "from " + list_of(sets)),
          when(!tensors.empty(), "of " + kinds_text(tensors))};
}

std::string encoder(const GgufFile& file, const std::string& name) {
  const auto has = file.bool_or("clip.has_" + name + "_encoder", false);
  if (!has || !*has) return {};
  const std::string prefix = "clip." + name + ".";
  std::string projector = text_of(file, prefix + "projector_type");
  if (projector.empty()) projector = text_of(file, "clip.projector_type");
  return list_of({"an encoder for " + name, number_of(file, prefix + "block_count", "layers"),
                  number_of(file, prefix + "embedding_length", "width"),
                  number_of(file, prefix + "image_size", "images of"),
                  number_of(file, prefix + "patch_size", "patches of"),
                  number_of(file, prefix + "num_mel_bins", "mel bins"),
                  when(!projector.empty(), "projector " + projector),
                  number_of(file, prefix + "projection_dim", "to width")});
}

std::vector<std::string> control_vector(const GgufFile& file) {
  int64_t directions = 0;
  for (const GgufTensor& tensor : file.tensors())
    directions += tensor.name.starts_with("direction.") ? 1 : 0;
  return {"directions of " + counted(directions, "layer")};
}

void find_halves(const GgufFile& file, Endings endings, bool share_rank,
                 std::vector<FileFinding>& findings) {
  for (const GgufTensor& tensor : file.tensors()) {
    for (const auto& [mine, other] :
         {std::pair(endings.first, endings.second), std::pair(endings.second, endings.first)}) {
      if (!tensor.name.ends_with(mine)) continue;
      const std::string partner =
          std::string(tensor.name.substr(0, tensor.name.size() - mine.size())) + std::string(other);
      const GgufTensor* found = file.find_tensor(partner);
      if (found == nullptr) {
        findings.push_back({"incomplete-pair", std::string(tensor.name), partner + " is missing"});
      } else if (share_rank && mine == endings.first && tensor.ne[1] != found->ne[0]) {
        findings.push_back(
            {"incomplete-pair", std::string(tensor.name),
             fmt::format("its rank is {}, that of {} is {}", tensor.ne[1], partner, found->ne[0])});
      }
    }
  }
}

void find_unseen_tensors(const GgufFile& file, std::vector<FileFinding>& findings) {
  for (const GgufTensor& tensor : file.tensors()) {
    if (!tensor.name.ends_with(kImatrix.second) ||
        tensor.type_id != static_cast<uint32_t>(WeightType::f32))
      continue;
    int64_t unseen = 0;
    for (int64_t i = 0; i < tensor.elements(); ++i) {
      float count = 0;
      std::memcpy(&count, tensor.data.data() + i * static_cast<int64_t>(sizeof count),
                  sizeof count);
      unseen += count > 0 ? 0 : 1;  // NaN too
    }
    if (unseen == 0) continue;
    findings.push_back({"unseen-tensor", std::string(tensor.name),
                        tensor.elements() == 1
                            ? "no token went through it"
                            : fmt::format("no token went through {} of its {} matrices", unseen,
                                          tensor.elements())});
  }
}

}  // namespace

std::vector<std::string> meaning_of(const GgufFile& file, const OtherFile& other) {
  std::vector<std::string> lines;
  switch (other.kind) {
    case OtherFile::Kind::adapter:
      lines = adapter(file);
      break;
    case OtherFile::Kind::imatrix:
      lines = imatrix(file);
      break;
    case OtherFile::Kind::projector:
      lines = {encoder(file, "vision"), encoder(file, "audio")};
      break;
    case OtherFile::Kind::control_vector:
      lines = control_vector(file);
      break;
    case OtherFile::Kind::image_model:
    case OtherFile::Kind::unknown:
      break;
  }
  std::erase(lines, "");
  return lines;
}

void find_in_other_file(const GgufFile& file, const OtherFile& other, bool values,
                        std::vector<FileFinding>& findings) {
  if (other.kind == OtherFile::Kind::adapter) find_halves(file, kLora, true, findings);
  if (other.kind != OtherFile::Kind::imatrix) return;
  find_halves(file, kImatrix, false, findings);
  if (values) find_unseen_tensors(file, findings);
}

}  // namespace crossval
