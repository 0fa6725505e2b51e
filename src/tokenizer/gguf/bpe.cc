#include "tokenizer/gguf/bpe.h"

#include "tokenizer/gguf/segmenters.h"
#include "tokenizer/text/byte_level.h"
#include "tokenizer/text/code_points.h"
#include "tokenizer/text/escaped_space.h"

namespace crossval {
BpeSegmenter::BpeSegmenter(PreTokenizer pre_tokenizer, const Vocabulary& vocabulary)
    : vocabulary_(vocabulary), pre_tokenizer_(std::move(pre_tokenizer)) {}

Result<std::unique_ptr<BpeSegmenter>> BpeSegmenter::create(std::span<const std::string_view> merges,
                                                           const PreTokenizerEntry& pre_tokenizer,
                                                           const Vocabulary& vocabulary) {
  auto cutter = PreTokenizer::create(pre_tokenizer);
  if (!cutter) return tl::unexpected(cutter.error());
  std::unique_ptr<BpeSegmenter> result(new BpeSegmenter(std::move(*cutter), vocabulary));
  result->merges_.reserve(vocabulary.ids.size() + 256);
  result->intern_tokens();
  result->intern_merges(merges);
  return result;
}

std::optional<std::string> BpeSegmenter::in_word(std::string_view text) const {
  if (vocabulary_.byte_level) return decode_byte_level(text);
  return std::string(text);
}

void BpeSegmenter::intern_tokens() {
  byte_pieces_.fill(-1);
  if (vocabulary_.byte_level) {
    for (size_t b = 0; b < byte_pieces_.size(); ++b) {
      const char byte = static_cast<char>(b);
      byte_pieces_[b] = merges_.intern(std::string_view(&byte, 1));
    }
  }
  tokens_.assign(merges_.pieces(), kNoToken);
  for (const auto& [text, id] : vocabulary_.ids) {
    const std::optional<std::string> bytes = in_word(text);
    if (!bytes) continue;
    const PieceId piece = merges_.intern(*bytes);
    tokens_.resize(merges_.pieces(), kNoToken);
    tokens_[static_cast<size_t>(piece)] = id;
  }
}

void BpeSegmenter::intern_merges(std::span<const std::string_view> merges) {
  for (size_t i = 0; i < merges.size(); ++i) {
    // From the second byte on: a piece may itself begin with a space.
    const size_t space = merges[i].find(' ', 1);
    if (space == std::string_view::npos) continue;
    const auto left = in_word(merges[i].substr(0, space));
    const auto right = in_word(merges[i].substr(space + 1));
    if (!left || !right) continue;
    merges_.add(merges_.intern(*left), merges_.intern(*right), static_cast<int32_t>(i),
                merges_.intern(*left + *right));
  }
  tokens_.resize(merges_.pieces(), kNoToken);
  merges_.finish();
}

Result<void> BpeSegmenter::append(std::string_view text, bool /*after_special*/,
                                  std::vector<int32_t>* ids) const {
  const std::vector<uint32_t> characters =
      decode_code_points(vocabulary_.escape_whitespaces ? escape_spaces(text) : text);
  for (const uint32_t c : characters) {
    if (c > kLastCodePoint) return no_character(c);
  }
  const auto ends = pre_tokenizer_.word_ends(characters);
  if (!ends) return tl::unexpected(ends.error());
  WordMerger merger;
  std::vector<MergeSymbol> symbols;
  std::string word;
  size_t begin = 0;
  for (const size_t end : *ends) {
    word.clear();
    for (size_t i = begin; i < end; ++i) append_utf8(characters[i], &word);
    if (!word.empty()) append_word(word, &merger, &symbols, ids);
    begin = end;
  }
  return {};
}

void BpeSegmenter::append_word(std::string_view word, WordMerger* merger,
                               std::vector<MergeSymbol>* symbols, std::vector<int32_t>* ids) const {
  const bool whole =
      vocabulary_.ignore_merges ||
      (vocabulary_.newline_runs_whole && word.find_first_not_of('\n') == std::string_view::npos);
  if (whole) {
    if (const int32_t id = token_of(merges_.find(word)); id != kNoToken) {
      ids->push_back(id);
      return;
    }
  }
  symbols->clear();
  for (uint32_t at = 0; at < word.size();) {
    if (vocabulary_.byte_level) {
      symbols->push_back({byte_pieces_[static_cast<uint8_t>(word[at])], at, 1});
    } else {
      const auto size =
          static_cast<uint32_t>(std::min<size_t>(claimed_length(word[at]), word.size() - at));
      symbols->push_back({merges_.find(word.substr(at, size)), at, size});
    }
    at += symbols->back().size;
  }
  merger->merge(symbols,
                [this](const MergeSymbol& left,
                       const MergeSymbol& right) -> std::optional<WordMerger::Candidate> {
                  const Merge* merge = merges_.find(left.piece, right.piece);
                  if (merge == nullptr) return std::nullopt;
                  return WordMerger::Candidate{merge->rank, merge->result};
                });
  for (const MergeSymbol& symbol : *symbols) {
    const int32_t id = token_of(symbol.piece);
    if (id != kNoToken) {
      ids->push_back(id);
    } else {
      append_bytes(word.substr(symbol.begin, symbol.size), ids);
    }
  }
}

// What is no token is written byte by byte; a byte without a token of its own vanishes, as
// upstream.
void BpeSegmenter::append_bytes(std::string_view text, std::vector<int32_t>* ids) const {
  const auto push = [this, ids](std::string_view token) {
    if (const int32_t id = vocabulary_.find(token); id != kNoToken) ids->push_back(id);
  };
  for (const char c : text) {
    const auto byte = static_cast<uint8_t>(c);
    if (vocabulary_.byte_level) {
      // Upstream looks up the single bytes of the spelling, not the byte that it spells.
      for (const char& part : byte_level_text(byte)) push(std::string_view(&part, 1));
    } else {
      push(byte_token_text(byte));
    }
  }
}

Result<std::unique_ptr<BpeSegmenter>> make_plain_bpe(const GgufFile& file,
                                                     const Vocabulary& vocabulary) {
  const PreTokenizerEntry* entry = find_pretokenizer(vocabulary.pre_tokenizer);
  std::span<const std::string_view> merges;
  // Kimi-K2 files may come without merges.
  const std::string key = "tokenizer.ggml.merges";
  if (file.find_key(key) != nullptr || vocabulary.pre_tokenizer != "kimi-k2") {
    const auto list = file.get_array(key);
    if (!list) return tl::unexpected(list.error());
    if ((*list)->element != GgufType::string) {
      return fail(ExitCode::bad_input_file, "not a list of strings", file.path() + ", key " + key);
    }
    merges = (*list)->strings;
  }
  return BpeSegmenter::create(merges, *entry, vocabulary);
}

Result<std::unique_ptr<Segmenter>> make_bpe_segmenter(const GgufFile& file,
                                                      const Vocabulary& vocabulary) {
  auto segmenter = make_plain_bpe(file, vocabulary);
  if (!segmenter) return tl::unexpected(segmenter.error());
  if (vocabulary.model == "hybriddna") return make_dna_segmenter(std::move(*segmenter), vocabulary);
  if (vocabulary.model == "whitespace") {
    return make_whitespace_segmenter(std::move(*segmenter), vocabulary);
  }
  return std::unique_ptr<Segmenter>(std::move(*segmenter));
}

}  // namespace crossval
