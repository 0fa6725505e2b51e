#include "report/text/imatrix_comparison.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "base/count_text.h"
#include "report/text/numbers.h"
#include "report/text/printable.h"
#include "report/words.h"

namespace crossval {
namespace {

constexpr size_t kMostRows = 20;  // of tensors, unless all are asked for

std::string imatrix_text(const ImatrixFacts& facts) {
  std::string text = escaped(facts.path);
  if (facts.chunks > 0) text += fmt::format(", {}", counted(facts.chunks, "chunk"));
  if (facts.chunk_size > 0) text += fmt::format(" of {}", facts.chunk_size);
  for (const std::string& dataset : facts.datasets) text += ", of " + escaped(dataset);
  return text;
}

std::string weights_text(const ImatrixComparison& c, const TextOptions& options) {
  Table table({{"weight", false},
               {"count", true},
               {"count (ref)", true},
               {"cosine", true},
               {"rel L2", true},
               {"max |Δ|", true},
               {"channel", true}});
  size_t shown = 0, hidden = 0;
  for (const ImatrixTensor& t : c.tensors) {
    if (!options.all && (t.passed || shown == kMostRows)) {
      ++hidden;
      continue;
    }
    ++shown;
    table.add({{escaped(t.name), t.passed ? Tint::none : Tint::bad},
               {fmt::format("{}", t.candidate_count)},
               {fmt::format("{}", t.reference_count)},
               {cosine_text(t.cosine)},
               {distance_text(t.relative_l2)},
               {distance_text(t.max_abs_diff)},
               {std::to_string(t.max_abs_channel)}});
  }
  if (hidden > 0 && shown > 0) table.add_line(fmt::format("⋮  {} more", hidden), Tint::none);
  return shown == 0 ? "" : "\n" + table.text(options.layout);
}

}  // namespace

std::string imatrix_comparison_text(const ImatrixComparison& c, const TextOptions& options) {
  const Layout& layout = options.layout;
  std::string text = layout.labelled("candidate", imatrix_text(c.candidate), Tint::strong);
  text += layout.labelled("reference", imatrix_text(c.reference), Tint::strong);
  for (const Warning& warning : c.warnings)
    text += layout.labelled("warning", escaped(warning.name + ": " + warning.message), Tint::warn);
  text += weights_text(c, options);
  const auto fails = std::ranges::count(c.tensors, false, &ImatrixTensor::passed);
  const std::string word = verdict_word(c);
  std::string sentence;
  if (c.tensors.empty()) {
    sentence = "no weight is in both files.";
  } else if (c.identical()) {
    sentence = fmt::format("every sum and count of {} is bit for bit the same.",
                           counted(std::ssize(c.tensors), "weight"));
  } else if (fails == 0) {
    sentence = fmt::format(
        "the mean squares of what went into {} have a cosine of at least {} and "
        "are at most {} apart.",
        counted(std::ssize(c.tensors), "weight"), c.cos_tol, distance_text(c.l2_tol));
  } else {
    const auto first = std::ranges::find(c.tensors, false, &ImatrixTensor::passed);
    sentence = fmt::format("what went into {} of {} is not the same, layer by layer first {}.",
                           fails, counted(std::ssize(c.tensors), "weight"), escaped(first->name));
  }
  text += "\n" + layout.tinted(c.diverged() ? Tint::bad : Tint::good, word) +
          layout.paragraph(word + ": " + sentence).substr(word.size());
  for (const auto& [label, names] :
       {std::pair("only here", &c.only_candidate), std::pair("only ref.", &c.only_reference)}) {
    if (!names->empty())
      text += layout.labelled(label, escaped(fmt::format("{}", fmt::join(*names, ", "))));
  }
  return text;
}

}  // namespace crossval
