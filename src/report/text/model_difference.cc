#include "report/text/model_difference.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "base/count_text.h"
#include "report/text/printable.h"

namespace crossval {
namespace {

/// Tensors of one kind that differ in one way.
struct ChangeGroup {
  std::string kind, name;
  std::string first_tensor, first_detail;
  int64_t tensors = 0;
  bool one_detail = true;
};

/// The name of a change and what it is in words.
TensorChange change_of(const TensorDifference& tensor, SideWords words) {
  if (tensor.change) return *tensor.change;
  if (!tensor.b) return {"only in the " + std::string(words.a), ""};
  if (!tensor.a) return {"only in the " + std::string(words.b), ""};
  return {"differs", "not looked into"};
}

std::vector<ChangeGroup> groups_of(const FileDifference& difference, SideWords words) {
  std::vector<ChangeGroup> groups;
  for (const TensorDifference& tensor : difference.tensors) {
    const TensorChange change = change_of(tensor, words);
    auto group = std::ranges::find_if(groups, [&](const ChangeGroup& g) {
      return g.kind == tensor.kind && g.name == change.name;
    });
    if (group == groups.end()) {
      groups.push_back({tensor.kind, change.name, tensor.name, change.detail, 0, true});
      group = groups.end() - 1;
    }
    ++group->tensors;
    group->one_detail = group->one_detail && group->first_detail == change.detail;
  }
  return groups;
}

std::string group_text(const ChangeGroup& group) {
  std::string text = group.tensors == 1
                         ? escaped(group.first_tensor)
                         : fmt::format("{} ({} tensors)", escaped(group.kind), group.tensors);
  text += ": " + group.name;
  if (group.first_detail.empty()) return text;
  return text + (group.one_detail ? ", " : ", in the first of them ") + escaped(group.first_detail);
}

}  // namespace

std::string tensor_changes_text(const FileDifference& difference, SideWords words, size_t most,
                                const Layout& layout) {
  const std::vector<ChangeGroup> groups = groups_of(difference, words);
  std::string text;
  int64_t more = 0;
  for (size_t i = 0; i < groups.size(); ++i) {
    if (i < most) {
      text += layout.labelled(i == 0 ? "tensors" : "", group_text(groups[i]), Tint::warn);
    } else {
      more += groups[i].tensors;
    }
  }
  if (more > 0) text += layout.labelled("", counted(more, "more tensor"));
  return text;
}

std::string equal_tensors_text(const FileDifference& difference) {
  const auto equal = std::ssize(difference.identical);
  const auto all = equal + std::ssize(difference.tensors);
  return equal == all ? fmt::format("all {} are equal", counted(all, "tensor"))
                      : fmt::format("{} of {} are equal", grouped(equal), counted(all, "tensor"));
}

std::string differing_keys_text(const FileDifference& difference, size_t most) {
  std::string text;
  for (size_t i = 0; i < std::min(most, difference.metadata.size()); ++i)
    text += (text.empty() ? "" : ", ") + escaped(difference.metadata[i].key);
  if (difference.metadata.size() > most)
    text += fmt::format(" and {} more", difference.metadata.size() - most);
  return text + (difference.metadata.size() == 1 ? " differs" : " differ");
}

}  // namespace crossval
