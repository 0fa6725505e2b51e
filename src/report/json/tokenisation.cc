#include "report/json/tokenisation.h"

#include "report/json/engine.h"
#include "report/json/prompt.h"
#include "report/json/schema_version.h"
#include "report/json/token_mismatch.h"
#include "report/json/values.h"

namespace crossval {
namespace {

Json tokens_of(const Tokenisation& tokenisation) {
  Json tokens = Json::array();
  for (size_t i = 0; i < tokenisation.ids.size(); ++i) {
    tokens.push_back({{"id", tokenisation.ids[i]},
                      {"piece", json_bytes(tokenisation.pieces[i])},
                      {"begin", tokenisation.ranges[i].begin},
                      {"end", tokenisation.ranges[i].end}});
  }
  return tokens;
}

}  // namespace

std::string tokenisation_json(const Tokenisation& tokenisation, bool count_only) {
  Json document = {{"schema_version", kJsonSchemaVersion},
                   {"status", "ok"},
                   {"exit_code", 0},
                   {"engine", tokenisation.engine.identity.name},
                   {"tokenizer_path", json_bytes(tokenisation.engine.settings.tokenizer_path)},
                   {"count", tokenisation.ids.size()}};
  if (!count_only) {
    document["prompt"] = json_prompt(tokenisation.prompt);
    document["tokens"] = tokens_of(tokenisation);
  }
  document["warnings"] = json_warnings(tokenisation.warnings);
  return json_document(document);
}

std::string token_comparison_json(const TokenComparison& comparison) {
  const auto side = [](const Tokenisation& tokens) -> Json {
    return {{"engine", json_engine(tokens.engine)},
            {"count", tokens.ids.size()},
            {"tokens", tokens_of(tokens)}};
  };
  const bool same = !comparison.mismatch;
  return json_document(
      {{"schema_version", kJsonSchemaVersion},
       {"status", same ? "ok" : "tokens-differ"},
       {"exit_code", static_cast<int>(exit_code(comparison))},
       {"prompt", json_prompt(comparison.reference.prompt)},
       {"candidate_prompt",
        comparison.own_texts ? json_prompt(comparison.candidate.prompt) : Json(nullptr)},
       {"candidate", side(comparison.candidate)},
       {"reference", side(comparison.reference)},
       {"mismatch", same ? Json(nullptr) : json_mismatch(*comparison.mismatch)},
       {"warnings", json_warnings(comparison.warnings)}});
}

}  // namespace crossval
