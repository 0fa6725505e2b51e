#include "tokenizer/pretokenizer_search/trial.h"

#include "tokenizer/gguf/read_vocabulary.h"

namespace crossval {

PreTokenizerRule rule_of(const PreTokenizerEntry& entry) {
  return {entry.expressions, entry.ignore_merges, entry.escape_whitespaces,
          entry.newline_runs_whole};
}

std::unique_ptr<PreTokenizerTrial> PreTokenizerTrial::create(const GgufFile& file,
                                                             std::string_view text,
                                                             bool parse_special) {
  auto vocabulary = read_vocabulary(file);
  if (!vocabulary || vocabulary->family != VocabularyFamily::bpe) return nullptr;
  if (vocabulary->model != "gpt2" && vocabulary->model != "gemma4") return nullptr;
  std::unique_ptr<PreTokenizerTrial> trial(new PreTokenizerTrial(*std::move(vocabulary)));
  auto segmenter = make_plain_bpe(file, trial->vocabulary_);
  if (!segmenter) return nullptr;
  trial->segmenter_ = *std::move(segmenter);
  trial->fragments_ =
      SpecialSplitter(trial->vocabulary_, kTokenControl | kTokenUserDefined | kTokenUnknown)
          .split(text, parse_special);
  return trial;
}

std::vector<int32_t> PreTokenizerTrial::ids(const PreTokenizerEntry& entry) {
  auto cutter = PreTokenizer::create(entry);
  if (!cutter) return {};
  segmenter_->use(*std::move(cutter));
  vocabulary_.ignore_merges = entry.ignore_merges;
  vocabulary_.escape_whitespaces = entry.escape_whitespaces;
  vocabulary_.newline_runs_whole = entry.newline_runs_whole;
  std::vector<int32_t> made;
  for (const TextFragment& fragment : fragments_) {
    if (fragment.id != kNoToken) {
      made.push_back(fragment.id);
    } else if (!segmenter_->append(fragment.text, false, &made)) {
      return {};
    }
  }
  return made;
}

}  // namespace crossval
