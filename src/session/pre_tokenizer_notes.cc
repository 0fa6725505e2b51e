#include "session/pre_tokenizer_notes.h"

#include <algorithm>

#include "tokenizer/pretokenizer_search/search.h"

namespace crossval {
namespace {

bool is_about_words(const std::string& cause) { return cause.starts_with("pre-tokenizer-"); }

// The vocabulary that the engine tokenises with, when it is a model file's.
std::optional<std::vector<std::string>> search(const EngineSettings& settings,
                                               const OpenedFiles& files,
                                               const PreTokenizerSearch& wanted) {
  const auto file =
      files.open(settings.tokenizer_path.empty() ? settings.model_path : settings.tokenizer_path);
  return file ? find_pretokenizers(*file, wanted) : std::nullopt;
}

}  // namespace

std::vector<PreTokenizerNote> note_pre_tokenizers(const TokenSide& candidate,
                                                  const TokenSide& reference,
                                                  const TokenizeOptions& options,
                                                  const PairFacts& facts, const EnginePair& engines,
                                                  const TokenMismatch& mismatch) {
  const bool words = std::ranges::any_of(
      mismatch.causes, [](const auto& cause) { return is_about_words(cause.first); });
  const bool further = mismatch.further_cause && is_about_words(mismatch.further_cause->name);
  const bool other_names = !candidate.pre_tokenizer.empty() && !reference.pre_tokenizer.empty() &&
                           candidate.pre_tokenizer != reference.pre_tokenizer;
  if (!words && !further && !other_names) return {};
  const bool comparable = !mismatch.texts && mismatch.cause.name != "other-vocabulary" &&
                          (words || mismatch.causes.contains("merge-order"));
  std::vector<PreTokenizerNote> notes;
  for (const Side side : {Side::candidate, Side::reference}) {
    const bool is_candidate = side == Side::candidate;
    const TokenSide& own = is_candidate ? candidate : reference;
    const TokenSide& other = is_candidate ? reference : candidate;
    const PromptModelFacts& file = is_candidate ? facts.candidate : facts.reference;
    PreTokenizerNote note{own.engine, own.pre_tokenizer, file.pre_tokenizer_named, {}};
    if (comparable) {
      note.would_match = search(engines.of(side).info().settings, facts.files,
                                {own.text, options.parse_special, own.ids, other.ids});
    }
    notes.push_back(std::move(note));
  }
  return notes;
}

}  // namespace crossval
