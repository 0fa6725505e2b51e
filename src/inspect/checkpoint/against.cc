#include "inspect/checkpoint/against.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/count_text.h"
#include "base/float16.h"
#include "base/shown_text.h"
#include "inspect/checkpoint/vocabulary_against.h"
#include "inspect/tensor/values.h"
#include "quant/format.h"

namespace crossval {
namespace {

// Relative distances that rounding to a format makes, and nothing else: binary16 and bfloat16 have
// 11 and 8 bits, an 8-bit block code 1/254 of its largest value. Formats of fewer bits are judged
// by kSmallDistance of tensor_change.cc.
constexpr double kHalfRounding = 1e-3;
constexpr double kBrainRounding = 5e-3;
constexpr double kByteRounding = 2e-2;
// Of a tensor that is computed from config.json: two libraries' powers and divisions.
constexpr double kComputedRounding = 1e-6;

/// What a key is about, where a name alone does not say it.
struct KeyMeaning {
  std::string_view key, meaning;
};
constexpr KeyMeaning kMeanings[] = {
    {"expert_gating_func",
     "how experts are chosen: 1 softmax, 2 sigmoid; llama.cpp takes softmax without the key"},
    {"rope.freq_base", "the base of RoPE's angles"},
    {"rope.freq_base_swa", "the base of RoPE's angles in layers with a window"},
    {"rope.scaling.type", "how positions beyond the trained context are scaled"},
    {"rope.scaling.factor", "by how much positions are scaled"},
    {"rope.dimension_count", "how many values of a head turn"},
    {"attention.layer_norm_rms_epsilon", "what norms add to the mean of squares"},
    {"attention.layer_norm_epsilon", "what norms add to the variance"},
    {"attention.sliding_window", "how many positions a layer with a window attends to"},
    {"attention.sliding_window_pattern", "which layers have a window"},
    {"context_length", "for how many positions the model is made"},
};

std::string_view meaning_of(std::string_view key) {
  const auto* const at = std::ranges::find(kMeanings, key, &KeyMeaning::key);
  return at == std::end(kMeanings) ? std::string_view() : at->meaning;
}

std::string value_text(const GgufKey& key) {
  struct Text {
    std::string operator()(std::string_view text) const { return shown_text(text); }
    std::string operator()(const GgufArray& array) const {
      std::string text;
      const uint64_t shown = std::min<uint64_t>(array.count, 8);
      for (uint64_t i = 0; i < shown; ++i) {
        text += text.empty() ? "" : ", ";
        text += array.element == GgufType::string ? shown_text(array.strings[i])
                                                  : fmt::format("{}", array.number(i));
      }
      return fmt::format("[{}{}]", text, shown < array.count ? ", …" : "");
    }
    std::string operator()(double value) const {
      return fmt::format("{}", static_cast<float>(value));
    }
    std::string operator()(bool value) const { return value ? "true" : "false"; }
    std::string operator()(uint64_t value) const { return std::to_string(value); }
    std::string operator()(int64_t value) const { return std::to_string(value); }
  };
  return std::visit(Text{}, key.value);
}

/// A number, whatever its type; nothing for text and arrays.
std::optional<double> number_of(const GgufValue& value) {
  if (const auto* u = std::get_if<uint64_t>(&value)) return static_cast<double>(*u);
  if (const auto* i = std::get_if<int64_t>(&value)) return static_cast<double>(*i);
  if (const auto* d = std::get_if<double>(&value)) return *d;
  if (const auto* b = std::get_if<bool>(&value)) return *b ? 1 : 0;
  return std::nullopt;
}

/// The same in whatever type. One number stands for an array of that number.
bool says_the_same(const GgufKey& a, const GgufKey& b) {
  const auto numbers = [](const GgufKey& key) -> std::optional<std::vector<double>> {
    if (const auto one = number_of(key.value)) return std::vector<double>{*one};
    const auto* array = std::get_if<GgufArray>(&key.value);
    if (array == nullptr || array->element == GgufType::string) return std::nullopt;
    std::vector<double> values;
    values.reserve(array->count);
    for (uint64_t i = 0; i < array->count; ++i) values.push_back(array->number(i));
    return values;
  };
  auto x = numbers(a);
  auto y = numbers(b);
  if (!x || !y) {
    const auto* s = std::get_if<std::string_view>(&a.value);
    const auto* t = std::get_if<std::string_view>(&b.value);
    return s != nullptr && t != nullptr && *s == *t;
  }
  if (x->size() == 1) x->resize(y->size(), x->front());
  if (y->size() == 1) y->resize(x->size(), y->front());
  return *x == *y;
}

/// Whether b's values are a's, rounded to the format of fewer bits that is named.
std::optional<std::string_view> rounded_to(const GgufFile& a_file, const GgufTensor& a,
                                           const GgufFile& b_file, const GgufTensor& b) {
  if (a.ne != b.ne) return std::nullopt;
  const auto x = values_of(a_file, a);
  const auto y = values_of(b_file, b);
  if (!x || !y) return std::nullopt;
  bool half = true;
  bool brain = true;
  std::vector<float> theirs;
  for_each_piece(*y, 0, a.elements() / a.ne[0], [&](const Piece& ours) {
    theirs.resize(ours.values.size());
    x->decode(ours.row, ours.column, theirs);
    for (size_t i = 0; i < theirs.size(); ++i) {
      half = half && ours.values[i] == f16_to_f32(f32_to_f16(theirs[i]));
      brain = brain && ours.values[i] == bf16_to_f32(f32_to_bf16(theirs[i]));
    }
  });
  if (brain) return "BF16";
  if (half) return "F16";
  return std::nullopt;
}

double most_rounding(const GgufTensor& tensor) {
  switch (static_cast<WeightType>(tensor.type_id)) {
    case WeightType::f32:
    case WeightType::f16:
      return kHalfRounding;
    case WeightType::bf16:
      return kBrainRounding;
    case WeightType::q8_0:
      return kByteRounding;
    default:
      return 1.0;
  }
}

class Against {
 public:
  Against(const GgufFile& file, const GgufFile& checkpoint) : file_(file), checkpoint_(checkpoint) {
    found_.file = file.path();
    found_.checkpoint = checkpoint.path();
    found_.architecture =
        std::string(checkpoint.string_or("general.architecture", "").value_or(""));
  }

  Result<CheckpointComparison> run(DifferenceOptions options) {
    options.names = {"checkpoint", "file"};
    options.digests = false;
    const auto difference = compare_files(checkpoint_, file_, options);
    if (!difference) return tl::unexpected(difference.error());
    compare_keys(*difference);
    compare_tensors(*difference);
    take_losses();
    find_in_vocabulary_against(file_, checkpoint_, found_.findings, found_.notes);
    return std::move(found_);
  }

 private:
  void add(std::string name, std::string place, std::string detail) {
    found_.findings.push_back({std::move(name), std::move(place), std::move(detail)});
  }

  // ---- Numbers

  void compare_keys(const FileDifference& difference) {
    const auto ours = file_.string_or("general.architecture", "");
    if (!ours || *ours != found_.architecture) {
      add("architecture", "general.architecture",
          fmt::format("{} in the file, the checkpoint is one of {}", shown_text(ours.value_or("")),
                      found_.architecture));
      return;
    }
    const std::string prefix = found_.architecture + ".";
    for (const GgufKey& key : checkpoint_.keys()) {
      if (!key.name.starts_with(prefix) || key.name.starts_with(prefix + "checkpoint.")) continue;
      const GgufKey* other = file_.find_key(key.name);
      // Without a key its default may be the same; what is computed is compared below.
      // Of lists there is always a default: the architecture's.
      const bool has_default =
          difference.facts_unknown.empty() || std::holds_alternative<GgufArray>(key.value);
      if (other == nullptr ? has_default : says_the_same(key, *other)) continue;
      const std::string_view meaning = meaning_of(key.name.substr(prefix.size()));
      add(other == nullptr ? "key-lost" : "key", std::string(key.name),
          fmt::format("{} in the file, {} in the checkpoint{}{}",
                      other == nullptr ? "not there" : value_text(*other), value_text(key),
                      meaning.empty() ? "" : ": ", meaning));
    }
    for (const ModelFactPair& fact : difference.facts) {
      if (fact.a == fact.b) continue;
      add("computed-otherwise", fact.name,
          fmt::format("{} in the file, {} in the checkpoint: {}", fact.b, fact.a, fact.effect));
    }
    if (!difference.facts_unknown.empty()) {
      found_.notes.push_back("what is computed was compared by keys alone: " +
                             difference.facts_unknown);
    }
  }

  // ---- Weights

  void compare_tensors(const FileDifference& difference) {
    found_.equal = std::ssize(difference.identical);
    for (const TensorDifference& entry : difference.tensors) {
      const GgufTensor* theirs = checkpoint_.find_tensor(entry.name);
      const GgufTensor* ours = file_.find_tensor(entry.name);
      if (ours == nullptr) {
        lost(entry);
      } else if (theirs == nullptr) {
        added(entry, *ours);
      } else {
        differing(entry, *theirs, *ours);
      }
    }
    for (auto& [key, group] : groups_) {
      std::string place = group.tensors == 1
                              ? group.first
                              : fmt::format("{} ({} tensors)", key.first, group.tensors);
      add(key.second, std::move(place), std::move(group.detail));
    }
    name_changes();
  }

  struct Group {
    std::string first, detail;
    int64_t tensors = 0;
  };

  void add_grouped(const TensorDifference& entry, const std::string& name, std::string detail) {
    Group& group = groups_[{entry.kind, name}];
    if (group.tensors++ > 0) return;
    group.first = entry.name;
    group.detail = std::move(detail);
  }

  void lost(const TensorDifference& entry) {
    const std::string_view what =
        entry.name == "rope_freqs.weight"
            ? "the factors of Llama 3's RoPE are not in the file: long texts are turned otherwise"
        : entry.name == "output.weight"
            ? "the head is not in the file: the embedding takes its place"
            : "the checkpoint has it, the file does not";
    if (entry.change) {
      add_grouped(entry, entry.change->name, entry.change->detail);
    } else {
      add_grouped(entry, "tensor-lost", std::string(what));
    }
  }

  void added(const TensorDifference& entry, const GgufTensor& ours) {
    // The embedding once more, as a head of its own.
    const GgufTensor* embedding = file_.find_tensor("token_embd.weight");
    if (entry.name == "output.weight" && embedding != nullptr &&
        std::ranges::equal(ours.data, embedding->data)) {
      ++found_.equal;
      return;
    }
    if (entry.change) {
      add_grouped(entry, entry.change->name, entry.change->detail);
    } else {
      add_grouped(entry, "tensor-added", "the file has it, the checkpoint does not");
    }
  }

  void differing(const TensorDifference& entry, const GgufTensor& theirs, const GgufTensor& ours) {
    const TensorChange change = entry.change.value_or(TensorChange{"differs", ""});
    const double far = entry.distance ? entry.distance->relative_l2 : INFINITY;
    if (change.name == "same-values" || (theirs.part >= std::ssize(checkpoint_.parts()) &&
                                         theirs.dims == 1 && far <= kComputedRounding)) {
      ++found_.equal;
      return;
    }
    if (change.name == "type" && far <= most_rounding(ours)) {
      count(found_.rounded, entry.kind,
            fmt::format("{}, the checkpoint has {}", entry.b->type, entry.a->type));
      return;
    }
    if (const auto to = ours.type_id == theirs.type_id || change.name == "type"
                            ? rounded_to(checkpoint_, theirs, file_, ours)
                            : std::nullopt) {
      add_grouped(entry, "rounded",
                  fmt::format("values are the checkpoint's rounded to {}, and stored as {}", *to,
                              entry.b->type));
      return;
    }
    add_grouped(entry, change.name == "type" ? "more-than-rounding" : change.name, change.detail);
  }

  static void count(std::vector<TensorGroup>& groups, const std::string& kind,
                    const std::string& detail) {
    const auto group = std::ranges::find_if(
        groups, [&](const TensorGroup& g) { return g.kind == kind && g.detail == detail; });
    if (group == groups.end()) {
      groups.push_back({kind, detail, 1});
    } else {
      ++group->tensors;
    }
  }

  /// What of the checkpoint's tensors is otherwise in a GGUF.
  void name_changes() {
    const auto changes = checkpoint_.get_array("checkpoint.changes");
    if (!changes) return;
    for (const std::string_view line : (*changes)->strings) {
      const size_t colon = line.find(": ");
      const std::string_view name = line.substr(0, colon);
      std::string kind(name);
      if (name.starts_with("blk."))
        kind = fmt::format("blk.*{}", name.substr(std::min(name.find('.', 4), name.size())));
      count(found_.changed, kind, std::string(line.substr(colon + 2)));
    }
  }

  // ---- What no GGUF says

  void take_losses() {
    if (const auto lost = checkpoint_.get_array("checkpoint.lost"))
      for (const std::string_view sentence : (*lost)->strings)
        add("not-in-a-gguf", "config.json", std::string(sentence));
    const auto unread = checkpoint_.get_array("checkpoint.unread");
    if (!unread) return;
    std::string names;
    for (const std::string_view name : (*unread)->strings)
      names += (names.empty() ? "" : ", ") + std::string(name);
    found_.notes.push_back("members of config.json that nobody here knows: " + names);
  }

  const GgufFile& file_;
  const GgufFile& checkpoint_;
  CheckpointComparison found_;
  std::map<std::pair<std::string, std::string>, Group> groups_;  // by kind and change
};

}  // namespace

Result<CheckpointComparison> compare_with_checkpoint(const GgufFile& file,
                                                     const GgufFile& checkpoint,
                                                     DifferenceOptions options) {
  return Against(file, checkpoint).run(std::move(options));
}

}  // namespace crossval
