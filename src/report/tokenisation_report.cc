#include "report/tokenisation_report.h"

#include <fmt/format.h>

#include "base/count_text.h"
#include "report/bytes_text.h"
#include "report/json_engine.h"
#include "report/json_mismatch.h"
#include "report/json_prompt.h"
#include "report/json_schema_version.h"
#include "report/json_values.h"
#include "report/text_parts.h"

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

std::string tokenisation_text(const Tokenisation& tokenisation) {
  std::string text = fmt::format("{:>5}  {:>11}  {:>7}  piece\n", "index", "bytes", "id");
  for (size_t i = 0; i < tokenisation.ids.size(); ++i) {
    const TextRange& range = tokenisation.ranges[i];
    const std::string bytes = range.begin == range.end
                                  ? std::string("-")  // not in the text
                                  : fmt::format("{}-{}", range.begin, range.end);
    text += fmt::format("{:>5}  {:>11}  {:>7}  \"{}\"\n", i, bytes, tokenisation.ids[i],
                        escaped(tokenisation.pieces[i]));
  }
  return text + fmt::format("{} of {}\n", counted(std::ssize(tokenisation.ids), "token"),
                            counted(std::ssize(tokenisation.prompt.text), "byte"));
}

std::string tokenisation_json(const Tokenisation& tokenisation, bool count_only) {
  Json document = {{"schema_version", kJsonSchemaVersion},
                   {"status", "ok"},
                   {"exit_code", 0},
                   {"engine", tokenisation.engine},
                   {"count", tokenisation.ids.size()}};
  if (!count_only) {
    document["prompt"] = json_prompt(tokenisation.prompt);
    document["tokens"] = tokens_of(tokenisation);
  }
  document["warnings"] = json_warnings(tokenisation.warnings);
  return json_document(document);
}

std::string token_comparison_text(const TokenComparison& comparison, const Layout& layout) {
  const auto side = [&](const char* name, const EngineInfo& engine, const Tokenisation& tokens) {
    return layout.labelled(name, fmt::format("{}: {}", name_line(engine.identity),
                                             counted(std::ssize(tokens.ids), "token")));
  };
  const std::string head = side("candidate", comparison.candidate_engine, comparison.candidate) +
                           side("reference", comparison.reference_engine, comparison.reference) +
                           "\n";
  if (!comparison.mismatch) {
    return head + tokenisation_text(comparison.reference) + "\n" +
           layout.paragraph("SAME-TOKENS: both tokenizers made the same ids.");
  }
  return head + mismatch_text(*comparison.mismatch, layout) + "\n" +
         layout.paragraph(
             fmt::format("TOKENS-DIFFER: the engines tokenise the prompt differently from index "
                         "{} on.",
                         comparison.mismatch->index));
}

std::string token_comparison_json(const TokenComparison& comparison) {
  const auto side = [](const EngineInfo& engine, const Tokenisation& tokens) -> Json {
    return {{"engine", json_engine(engine)},
            {"count", tokens.ids.size()},
            {"tokens", tokens_of(tokens)}};
  };
  const bool same = !comparison.mismatch;
  return json_document({{"schema_version", kJsonSchemaVersion},
                        {"status", same ? "ok" : "tokens-differ"},
                        {"exit_code", static_cast<int>(exit_code(comparison))},
                        {"prompt", json_prompt(comparison.reference.prompt)},
                        {"candidate", side(comparison.candidate_engine, comparison.candidate)},
                        {"reference", side(comparison.reference_engine, comparison.reference)},
                        {"mismatch", same ? Json(nullptr) : json_mismatch(*comparison.mismatch)},
                        {"warnings", json_warnings(comparison.reference.warnings)}});
}

}  // namespace crossval
