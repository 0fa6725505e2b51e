#include "report/json/token_mismatch.h"

namespace crossval {
namespace {

Json window_of(const std::vector<WindowToken>& window) {
  Json tokens = Json::array();
  for (const WindowToken& token : window) {
    tokens.push_back({{"index", token.index},
                      {"token", token.id},
                      {"piece", json_bytes(token.piece)},
                      {"begin", token.range.begin},
                      {"end", token.range.end},
                      {"differs", token.differs}});
  }
  return tokens;
}

Json texts_of(const std::optional<TextDifference>& texts) {
  if (!texts) return nullptr;
  return {{"offset", texts->offset},
          {"line", texts->line},
          {"candidate_place", json_bytes(texts->candidate_place)},
          {"reference_place", json_bytes(texts->reference_place)}};
}

Json pre_tokenizers_of(const std::vector<PreTokenizerNote>& notes) {
  Json all = Json::array();
  for (const PreTokenizerNote& note : notes) {
    all.push_back({{"engine", note.engine},
                   {"name", json_bytes(note.name)},
                   {"named", note.named},
                   {"would_match", note.would_match ? Json(*note.would_match) : Json(nullptr)}});
  }
  return all;
}

}  // namespace

Json json_mismatch(const TokenMismatch& mismatch) {
  Json hunks = Json::array();
  for (const TokenHunk& hunk : mismatch.hunks) {
    hunks.push_back({{"candidate_begin", hunk.a_begin},
                     {"candidate_end", hunk.a_end},
                     {"reference_begin", hunk.b_begin},
                     {"reference_end", hunk.b_end}});
  }
  const auto cause = [](const TokenCause& found) -> Json {
    return {{"name", found.name},
            {"sentence", json_bytes(found.sentence)},
            {"evidence", json_bytes(found.evidence)}};
  };
  return {
      {"index", mismatch.index},
      {"text_offset", mismatch.text_offset},
      {"place", json_bytes(mismatch.place)},
      {"texts", texts_of(mismatch.texts)},
      {"cause", cause(mismatch.cause)},
      {"further_cause", mismatch.further_cause ? cause(*mismatch.further_cause) : Json(nullptr)},
      {"pre_tokenizers", pre_tokenizers_of(mismatch.pre_tokenizers)},
      {"causes", mismatch.causes},
      {"hunks", hunks},
      {"candidate_ids", mismatch.candidate_ids},
      {"reference_ids", mismatch.reference_ids},
      {"candidate_window", window_of(mismatch.candidate_window)},
      {"reference_window", window_of(mismatch.reference_window)}};
}

}  // namespace crossval
