#include "gate/token_cause.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <span>
#include <string_view>
#include <vector>

#include "base/utf8.h"
#include "gate/token_segmentation.h"
#include "gate/token_text.h"

namespace crossval {
namespace {

using Pieces = std::span<const std::string>;

// One hunk, as both engines see it.
struct View {
  const TokenGateInput& input;
  const TokenHunk& hunk;
  std::string_view stretch;  // of the text
  Pieces a, b;               // pieces of the hunk
  std::string a_text = join(a), b_text = join(b);

  static std::string join(Pieces pieces) {
    std::string text;
    for (const std::string& piece : pieces) text += piece;
    return text;
  }
  std::string evidence() const {
    return fmt::format("{}: {}; {}: {}", input.candidate.engine, show_pieces(a),
                       input.reference.engine, show_pieces(b));
  }
  bool at_start() const { return hunk.a_begin == 0 || hunk.b_begin == 0; }
};

using Found = std::vector<TokenCause>;  // empty: does not apply

// How many pieces at the start are `text`; none when there is no such text.
size_t leading(Pieces pieces, std::string_view text) {
  if (text.empty()) return 0;
  const auto other = [&](const std::string& piece) { return piece != text; };
  return static_cast<size_t>(std::find_if(pieces.begin(), pieces.end(), other) - pieces.begin());
}

size_t trailing(Pieces pieces, std::string_view text) {
  if (text.empty()) return 0;
  const auto other = [&](const std::string& piece) { return piece != text; };
  return static_cast<size_t>(std::find_if(pieces.rbegin(), pieces.rend(), other) - pieces.rbegin());
}

// Whether the pieces begin with `text`, spelled by several: a space that is put in front does not
// count.
bool begin_by_spelling(Pieces pieces, std::string_view text) {
  std::string begun;
  for (const std::string& piece : pieces) {
    if (begun.size() > text.size()) break;
    begun += piece;
  }
  return begun.starts_with(text) || (begun.starts_with(' ') && begun.substr(1).starts_with(text));
}

bool end_by_spelling(Pieces pieces, std::string_view text) {
  std::string ended;
  while (!pieces.empty() && ended.size() < text.size()) {
    ended.insert(0, pieces.back());
    pieces = pieces.first(pieces.size() - 1);
  }
  return ended.ends_with(text);
}

// "2 × <s>"
std::string times(size_t count, const std::string& text) {
  return text.empty() ? "none" : fmt::format("{} × {}", count, text);
}

Found bos(const View& view) {
  const TokenSide &candidate = view.input.candidate, &reference = view.input.reference;
  const size_t a = leading(candidate.pieces, candidate.bos_text);
  const size_t b = leading(reference.pieces, reference.bos_text);
  if (a == b || std::max(view.hunk.a_begin, view.hunk.b_begin) > std::max(a, b)) return {};
  // The text's own, spelled out: special() says so.
  const Pieces fewer =
      a < b ? Pieces(candidate.pieces).subspan(a) : Pieces(reference.pieces).subspan(b);
  if (begin_by_spelling(fewer, a < b ? reference.bos_text : candidate.bos_text)) return {};
  const std::string evidence =
      fmt::format("{} starts with {}, {} with {}", candidate.engine, times(a, candidate.bos_text),
                  reference.engine, times(b, reference.bos_text));
  if (std::max(a, b) > 1) {
    return {{"bos-doubled",
             fmt::format("{} starts with {} BOS tokens: is one written in the text and one added?",
                         a > b ? candidate.engine : reference.engine, std::max(a, b)),
             evidence}};
  }
  if (a > b) {
    return {
        {"bos-extra",
         fmt::format("{} adds a BOS token that {} does not", candidate.engine, reference.engine),
         evidence}};
  }
  return {{"bos-missing",
           fmt::format("{} lacks the BOS token that {} adds", candidate.engine, reference.engine),
           evidence}};
}

Found eos(const View& view) {
  const TokenSide &candidate = view.input.candidate, &reference = view.input.reference;
  const size_t a = trailing(candidate.pieces, candidate.eos_text);
  const size_t b = trailing(reference.pieces, reference.eos_text);
  const bool at_end =
      view.hunk.a_end + a >= candidate.ids.size() && view.hunk.b_end + b >= reference.ids.size();
  if (a == b || !at_end) return {};
  const Pieces fewer = a < b ? Pieces(candidate.pieces).first(candidate.pieces.size() - a)
                             : Pieces(reference.pieces).first(reference.pieces.size() - b);
  if (end_by_spelling(fewer, a < b ? reference.eos_text : candidate.eos_text)) return {};
  const std::string evidence =
      fmt::format("{} ends with {}, {} with {}", candidate.engine, times(a, candidate.eos_text),
                  reference.engine, times(b, reference.eos_text));
  if (a > b) {
    return {{"eos-appended",
             fmt::format("{} appends an EOS token that {} does not", candidate.engine,
                         reference.engine),
             evidence}};
  }
  return {
      {"eos-missing",
       fmt::format("{} lacks the EOS token that {} appends", candidate.engine, reference.engine),
       evidence}};
}

// A special token on one side whose text the other side spells out in several tokens.
Found special(const View& view) {
  const auto reads_as_token = [](const TokenSide& side, Pieces token, Pieces spelled,
                                 const std::string& spelled_text) {
    for (const std::string& piece : token) {
      const auto& known = side.special_texts;
      const bool is_special = std::find(known.begin(), known.end(), piece) != known.end();
      const bool also_there = std::find(spelled.begin(), spelled.end(), piece) != spelled.end();
      if (is_special && !also_there && spelled_text.find(piece) != std::string::npos) return piece;
    }
    return std::string();
  };
  const TokenSide &candidate = view.input.candidate, &reference = view.input.reference;
  if (const auto piece = reads_as_token(reference, view.b, view.a, view.a_text); !piece.empty()) {
    return {{"special-as-text",
             fmt::format("{} reads the special token {} as plain text", candidate.engine, piece),
             view.evidence()}};
  }
  if (const auto piece = reads_as_token(candidate, view.a, view.b, view.b_text); !piece.empty()) {
    return {{"text-as-special",
             fmt::format("{} makes the special token {} of what {} reads as plain text",
                         candidate.engine, piece, reference.engine),
             view.evidence()}};
  }
  return {};
}

Found same_bytes(const View& view) {
  if (view.a_text != view.b_text || view.a_text.empty()) return {};
  if (std::equal(view.a.begin(), view.a.end(), view.b.begin(), view.b.end())) return {};
  const bool words =
      !view.input.candidate.pre_tokenizer.empty() || !view.input.reference.pre_tokenizer.empty();
  const std::string name = words ? name_segmentation(view.a, view.b) : "merge-order";
  const char* what = name == "merge-order"            ? "build the same word from other pieces"
                     : name == "pre-tokenizer-digits" ? "group digits differently"
                     : name == "pre-tokenizer-contractions" ? "split contractions differently"
                     : name == "pre-tokenizer-whitespace" ? "group blanks and line ends differently"
                     : name == "pre-tokenizer-case"
                         ? "split differently where lower meets upper case"
                         : "cut words from signs differently";
  const char* why = !words ? "neither cuts words first; their scores or algorithms differ"
                    : name == "merge-order" ? "their merges are not in the same order"
                                            : "their pre-tokenizers are not the same";
  return {{name,
           fmt::format("{} and {} {}: {}", view.input.candidate.engine, view.input.reference.engine,
                       what, why),
           view.evidence()}};
}

Found leading_space(const View& view) {
  if (" " + view.a_text != view.b_text && view.a_text != " " + view.b_text) return {};
  const bool candidate = view.a_text.size() > view.b_text.size();
  return {{"leading-space",
           fmt::format("{} puts a space before the {}",
                       (candidate ? view.input.candidate : view.input.reference).engine,
                       view.at_start() || view.hunk.a_begin == 1 ? "first word" : "word here"),
           view.evidence()}};
}

std::string without(std::string text, char dropped) {
  std::erase(text, dropped);
  return text;
}

Found newline(const View& view) {
  if (view.a_text == view.b_text) return {};
  if (without(view.a_text, '\r') != without(view.b_text, '\r')) return {};
  return {
      {"newline", "one engine drops the carriage return of a line end (CR LF)", view.evidence()}};
}

constexpr std::string_view kReplacement = "\uFFFD";

Found invalid_utf8(const View& view) {
  if (is_valid_utf8(view.input.candidate.text)) return {};
  const bool a = view.a_text.find(kReplacement) != std::string::npos;
  const bool b = view.b_text.find(kReplacement) != std::string::npos;
  if (a == b) return {};
  return {{"invalid-utf8-replaced",
           fmt::format("{} replaces bytes that are not UTF-8 by U+FFFD, {} does not",
                       (a ? view.input.candidate : view.input.reference).engine,
                       (a ? view.input.reference : view.input.candidate).engine),
           view.evidence()}};
}

// "▅" is how llama.cpp shows the unknown token of a SentencePiece vocabulary.
bool is_unknown(const std::string& piece) {
  return piece == "<unk>" || piece == "[UNK]" || piece == "\u2585" || piece == "<|unk|>";
}

Found unknown(const View& view) {
  const bool a = std::any_of(view.a.begin(), view.a.end(), is_unknown);
  const bool b = std::any_of(view.b.begin(), view.b.end(), is_unknown);
  if (a == b) return {};
  const auto& without_word = a ? view.input.candidate : view.input.reference;
  const auto& with_word = a ? view.input.reference : view.input.candidate;
  const Pieces known = a ? view.b : view.a;
  if (known.empty()) {
    return {{"normalisation",
             fmt::format("{} leaves out of the text what {} has no token for", with_word.engine,
                         without_word.engine),
             view.evidence()}};
  }
  const std::string form = name_form_that_holds(view.stretch, a ? view.b_text : view.a_text);
  if (!form.empty()) {
    return {
        {"normalisation",
         fmt::format("{} normalises the text before it cuts ({}), {} has no token for it as it is",
                     with_word.engine, form, without_word.engine),
         view.evidence()}};
  }
  const bool bytes = std::any_of(known.begin(), known.end(),
                                 [](const std::string& piece) { return !is_valid_utf8(piece); });
  return {{"unknown-token",
           fmt::format("{} has no token for this text and writes the unknown token, {} {}",
                       without_word.engine, with_word.engine,
                       bytes ? "falls back to bytes" : "has one"),
           view.evidence()}};
}

Found normalisation(const View& view) {
  const std::string form = name_normalisation(view.a_text, view.b_text);
  if (form.empty()) return {};
  const bool a_as_it_is = view.stretch.find(view.a_text) != std::string_view::npos;
  const bool b_as_it_is = view.stretch.find(view.b_text) != std::string_view::npos;
  const std::string who = a_as_it_is == b_as_it_is ? std::string("one engine")
                          : a_as_it_is             ? view.input.reference.engine
                                                   : view.input.candidate.engine;
  return {{"normalisation", fmt::format("{} normalises the text before it cuts ({})", who, form),
           view.evidence()}};
}

}  // namespace

TokenCause explain_hunk(const TokenGateInput& input, const TokenHunk& hunk,
                        std::string_view stretch) {
  const View view{input, hunk, stretch,
                  Pieces(input.candidate.pieces).subspan(hunk.a_begin, hunk.a_end - hunk.a_begin),
                  Pieces(input.reference.pieces).subspan(hunk.b_begin, hunk.b_end - hunk.b_begin)};
  // From what is certain to what is inferred; the first that applies names it.
  for (const auto rule : {bos, eos, special, same_bytes, leading_space, newline, invalid_utf8,
                          unknown, normalisation}) {
    Found found = rule(view);
    if (!found.empty()) return found.front();
  }
  return {"unexplained", "the engines cut this text differently and no known cause fits",
          view.evidence()};
}

std::optional<TokenCause> find_other_vocabulary(const TokenGateInput& input) {
  const TokenSide &candidate = input.candidate, &reference = input.reference;
  // One vocabulary may have a piece twice (a byte and a character, a token added once more), but
  // then both sides know either id by it.
  const auto foreign = [](const TokenSide& side, size_t i) {
    return i < side.pieces_elsewhere.size() && side.pieces_elsewhere[i] != side.pieces[i];
  };
  std::map<std::string_view, size_t> places;  // piece -> its first foreign place in the reference
  for (size_t i = 0; i < reference.ids.size(); ++i) {
    if (foreign(reference, i)) places.emplace(reference.pieces[i], i);
  }
  for (size_t i = 0; i < candidate.ids.size(); ++i) {
    const auto place = places.find(candidate.pieces[i]);
    if (place == places.end() || !foreign(candidate, i)) continue;
    const std::string piece = show_bytes(candidate.pieces[i]);
    return TokenCause{
        "other-vocabulary",
        fmt::format("{} and {} have different vocabularies: the same piece has different ids",
                    candidate.engine, reference.engine),
        fmt::format("[{}]: {} has id {}, {} has id {}", piece, candidate.engine, candidate.ids[i],
                    reference.engine, reference.ids[place->second])};
  }
  return std::nullopt;
}

}  // namespace crossval
