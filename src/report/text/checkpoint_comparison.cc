#include "report/text/checkpoint_comparison.h"

#include <fmt/format.h>

#include "base/count_text.h"
#include "report/text/printable.h"

namespace crossval {
namespace {

int64_t tensors_of(const std::vector<TensorGroup>& groups) {
  int64_t tensors = 0;
  for (const TensorGroup& group : groups) tensors += group.tensors;
  return tensors;
}

std::string groups_text(const char* label, const std::vector<TensorGroup>& groups,
                        const Layout& layout) {
  std::string text;
  for (const TensorGroup& group : groups) {
    text += layout.labelled(
        text.empty() ? label : "",
        fmt::format("{}{}: {}", escaped(group.kind),
                    group.tensors == 1 ? "" : fmt::format(" ({} tensors)", group.tensors),
                    printable(group.detail)));
  }
  return text;
}

}  // namespace

std::string checkpoint_comparison_text(const CheckpointComparison& c, const Layout& layout) {
  std::string text = layout.labelled("file", escaped(c.file));
  text += layout.labelled("checkpoint",
                          fmt::format("{}, {}", escaped(c.checkpoint), escaped(c.architecture)));
  std::string weights = fmt::format("{} bit for bit", counted(c.equal, "tensor"));
  if (const int64_t rounded = tensors_of(c.rounded); rounded > 0)
    weights += fmt::format(", {} up to the file's rounding", rounded);
  text += layout.labelled("weights", weights);
  text += groups_text("changed", c.changed, layout);
  text += groups_text("rounded", c.rounded, layout);
  for (size_t i = 0; i < c.findings.size(); ++i) {
    const FileFinding& finding = c.findings[i];
    text += layout.labelled(
        i == 0 ? "findings" : "",
        fmt::format("{}: {}: {}", finding.name, escaped(finding.place), printable(finding.detail)),
        Tint::warn);
  }
  for (size_t i = 0; i < c.notes.size(); ++i)
    text += layout.labelled(i == 0 ? "notes" : "", printable(c.notes[i]));
  return text + layout.labelled("verdict", c.findings.empty()
                                               ? "the file is the checkpoint's model"
                                               : "the file is not the checkpoint's model");
}

}  // namespace crossval
