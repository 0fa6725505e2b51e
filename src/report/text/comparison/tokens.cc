#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "report/text/comparison/parts.h"
#include "report/text/numbers.h"
#include "report/text/printable.h"

namespace crossval {
namespace {

constexpr int kPieceWidth = 12;

// Two lines: pieces above their ids, the differing ones in brackets, as many as fit.
std::string window_text(const char* side, const std::vector<WindowToken>& window,
                        const Layout& layout) {
  std::string pieces = layout.tinted(Tint::dim, side) + std::string(kLabelWidth - 9, ' ');
  std::string ids(kLabelWidth, ' ');
  int used = kLabelWidth;
  for (const WindowToken& token : window) {
    const std::string piece = "\"" + fitted(escaped(token.piece), kPieceWidth) + "\"";
    const std::string id = token.differs ? fmt::format("[{}]", token.id) : std::to_string(token.id);
    const int width = std::max(display_width(piece), static_cast<int>(id.size()));
    if (used + width > layout.width) break;
    const auto padded = [&](const std::string& text) {
      return layout.tinted(token.differs ? Tint::bad : Tint::none, text) +
             std::string(static_cast<size_t>(width - display_width(text)) + 2, ' ');
    };
    pieces += padded(piece);
    ids += padded(id);
    used += width + 2;
  }
  const auto trimmed = [](std::string line) {
    line.erase(line.find_last_not_of(' ') + 1);
    return line + "\n";
  };
  return trimmed(pieces) + trimmed(ids);
}

// Some names, and how many more.
std::string some_of(const std::vector<std::string>& names) {
  constexpr size_t kShown = 4;
  const size_t shown = std::min(names.size(), kShown);
  const std::string text =
      fmt::format("{}", fmt::join(names.begin(), names.begin() + static_cast<long>(shown), ", "));
  return names.size() > shown ? fmt::format("{} or {} more", text, names.size() - shown) : text;
}

std::string pre_tokenizer_text(const PreTokenizerNote& note, const PreTokenizerNote& other) {
  std::string text = note.engine + ": " + (note.name.empty() ? "none" : note.name);
  if (!note.named) text += " (the file names none)";
  if (!note.would_match) return text;
  std::vector<std::string> names = *note.would_match;
  if (names.empty())
    return fmt::format("{}; no known name makes the ids of {}", text, other.engine);
  // The other side's own first.
  const auto own = std::ranges::find(names, other.name);
  if (own != names.end()) std::rotate(names.begin(), own, own + 1);
  return fmt::format("{}; with {} it makes the ids of {}", text, some_of(names), other.engine);
}

std::string texts_text(const TextDifference& texts, const Layout& layout) {
  return layout.labelled("texts",
                         fmt::format("the two sides' texts differ from byte {} on, in line {}",
                                     texts.offset, texts.line)) +
         layout.labelled("", "candidate " + texts.candidate_place) +
         layout.labelled("", "reference " + texts.reference_place);
}

}  // namespace

std::string what_differs(const TokenMismatch& mismatch) {
  return fmt::format("{} from index {} on",
                     mismatch.texts ? "the engines were given different texts, and their ids differ"
                                    : "the engines tokenise the prompt differently",
                     mismatch.index);
}

std::string mismatch_text(const Comparison& comparison, const TextOptions& options) {
  return comparison.mismatch ? mismatch_text(*comparison.mismatch, options.layout) : "";
}

std::string mismatch_text(const TokenMismatch& mismatch, const Layout& layout) {
  std::string text = mismatch.texts ? texts_text(*mismatch.texts, layout) : "";
  text += layout.labelled("tokens", fmt::format("first difference at index {}, byte {} of the text",
                                                mismatch.index, mismatch.text_offset));
  text += layout.labelled("text", mismatch.place);
  text += "\n" + window_text("candidate", mismatch.candidate_window, layout);
  text += window_text("reference", mismatch.reference_window, layout) + "\n";
  text +=
      layout.labelled("cause", mismatch.cause.name + ": " + mismatch.cause.sentence, Tint::warn);
  if (!mismatch.cause.evidence.empty()) text += layout.labelled("", mismatch.cause.evidence);
  if (const auto& further = mismatch.further_cause) {
    text += layout.labelled("further", further->name + ": " + further->sentence, Tint::warn);
    text += layout.labelled("", further->evidence);
  }
  const auto& notes = mismatch.pre_tokenizers;
  for (size_t i = 0; i < notes.size(); ++i) {
    text += layout.labelled(i == 0 ? "pre" : "",
                            pre_tokenizer_text(notes[i], notes[notes.size() - 1 - i]), Tint::dim);
  }
  if (mismatch.hunks.size() > 1) {
    std::string all;
    for (const auto& [name, count] : mismatch.causes) {
      all += fmt::format("{}{} ({})", all.empty() ? "" : ", ", name, count);
    }
    text += layout.labelled("places", fmt::format("{} in all: {}", mismatch.hunks.size(), all),
                            Tint::dim);
  }
  return text;
}

}  // namespace crossval
