// Answers of servers, one a line, as llama.cpp's scripts/compare-logprobs.py dumps them.
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "logprobs/json_members.h"
#include "logprobs/listed_row.h"
#include "rowfiles/formats.h"

namespace crossval {
namespace {

using Json = nlohmann::json;

constexpr size_t kLongestLine = size_t{64} << 20;
constexpr const char* kAskForIds =
    "Ask the server for ids as well: llama-server tells them; vLLM does where the request has "
    "\"return_tokens_as_token_ids\": true.";

// What the texts of an answer's own tokens stand for, where it has their ids too (vLLM's
// return_token_ids). −1: a text of several.
std::unordered_map<std::string, TokenId> ids_of_texts(const Json& choice) {
  std::unordered_map<std::string, TokenId> known;
  const Json& texts = member(member(choice, "logprobs"), "tokens");
  const Json& ids = member(choice, "token_ids");
  for (size_t i = 0; i < std::min(texts.size(), ids.size()); ++i) {
    const TokenId id = number_of(element(ids, i));
    const auto [found, is_new] = known.emplace(text_of(element(texts, i)), id);
    if (!is_new && found->second != id) found->second = -1;
  }
  return known;
}

class Reading {
 public:
  explicit Reading(const MappedFile& file) : file_(file) {}

  // Appends the rows of the answer in a line at `offset`.
  Result<void> take(std::string_view line, uint64_t offset) {
    const Json answer = Json::parse(line, nullptr, /*allow_exceptions=*/false);
    const Json& choice = element(member(answer, "choices"), 0);
    const Json& listed = listed_rows(choice);
    if (!listed.is_array() || listed.empty())
      return bad_row_file(file_, offset, "the line is no server's answer with top_logprobs");
    const auto texts = ids_of_texts(choice);
    const ListedTokens known = {kMostVocabulary, [&](std::string_view text) {
                                  const auto found = texts.find(std::string(text));
                                  return found == texts.end() ? -1 : found->second;
                                }};
    for (size_t i = 0; i < listed.size(); ++i) {
      auto row = read_listed_row(listed_at(listed, i), known, kMostVocabulary);
      if (!row) return bad_row_file(file_, offset, "its row " + row.error().what);
      if (row->row.tokens.empty()) {
        return row->ended
                   ? bad_row_file(file_, offset, "it names tokens by their texts alone", kAskForIds)
                   : bad_row_file(file_, offset, "a row lists no token");
      }
      ended_ += row->ended ? 1 : 0;
      for (const TopToken& token : row->row.tokens) largest_ = std::max(largest_, token.id);
      rows_.push_back(std::move(row->row));
    }
    places_.resize(rows_.size(), number_of(member(answer, "__index")));
    return {};
  }

  std::unique_ptr<RowFile> finish() {
    RowFileFacts facts{.format = "log-prob JSONL",
                       .n_vocab = largest_ + 1,
                       .knows_n_vocab = false,
                       .rows = static_cast<int32_t>(rows_.size()),
                       .content = RowContent::top};
    facts.not_beside_an_engine =
        "Name the server itself, http://HOST:PORT, or compare two such files: crossval compare A "
        "B.";
    std::string place = "each row is that of a prompt of its own, and it does not say which";
    if (std::ranges::find(places_, -1) == places_.end()) {
      place += fmt::format(" (__index {} to {})", places_.front(), places_.back());
      facts.places = std::move(places_);
    }
    facts.limits.push_back(std::move(place));
    facts.limits.emplace_back(
        "its rows are taken for those of the most likely tokens: of an answer that was sampled "
        "they may have another one as well");
    if (ended_ > 0) {
      facts.limits.push_back(
          fmt::format("{} of its rows end before a token that is named by its text alone", ended_));
    }
    return rows_in_memory(std::move(facts), std::move(rows_));
  }

 private:
  const MappedFile& file_;
  std::vector<TopRow> rows_;
  TokenId largest_ = 0;
  int32_t ended_ = 0;            // rows
  std::vector<int32_t> places_;  // __index of each row's answer; −1: it has none
};

}  // namespace

RowFileResult open_logprob_lines(MappedFile& file) {
  const std::string_view text(reinterpret_cast<const char*>(file.bytes().data()),
                              file.bytes().size());
  const std::string_view first = text.substr(0, text.find('\n'));
  if (!first.starts_with('{') || first.size() > kLongestLine ||
      !member(Json::parse(first, nullptr, /*allow_exceptions=*/false), "choices").is_array())
    return nullptr;
  Reading reading(file);
  for (size_t begin = 0; begin < text.size();) {
    const size_t end = std::min(text.find('\n', begin), text.size());
    const std::string_view line = text.substr(begin, end - begin);
    if (line.size() > kLongestLine) return bad_row_file(file, begin, "a line of more than 64 MiB");
    if (line.find_first_not_of(" \r\t") != std::string_view::npos) {
      if (auto ok = reading.take(line, begin); !ok) return tl::unexpected(ok.error());
    }
    begin = end + 1;
  }
  return reading.finish();
}

}  // namespace crossval
