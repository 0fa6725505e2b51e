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
#include "report/text_prompt.h"

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

// One line per token, then the count.
std::string token_table(const Tokenisation& tokenisation) {
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

}  // namespace

std::string tokenisation_text(const Tokenisation& tokenisation, const TextOptions& options) {
  if (!options.verbose) return token_table(tokenisation);
  const Layout& layout = options.layout;
  return layout.labelled("engine", tokenisation.engine.identity.name) +
         tokenizer_line(tokenisation.engine.settings, options) +
         prompt_details(tokenisation.prompt, layout) + ids_line("ids", tokenisation.ids, layout) +
         "\n" + token_table(tokenisation);
}

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

std::string token_comparison_text(const TokenComparison& comparison, const TextOptions& options) {
  const Layout& layout = options.layout;
  const auto side = [&](const char* name, const Tokenisation& tokens) {
    std::string lines =
        layout.labelled(name, fmt::format("{}: {}", name_line(tokens.engine.identity),
                                          counted(static_cast<long>(tokens.ids.size()), "token")));
    lines += tokenizer_line(tokens.engine.settings, options);
    return lines + (options.verbose ? ids_line("", tokens.ids, layout) : "");
  };
  const bool two = comparison.own_texts && options.verbose;
  std::string head = side("candidate", comparison.candidate);
  if (two) head += prompt_details(comparison.candidate.prompt, layout);
  head += side("reference", comparison.reference);
  if (options.verbose) head += prompt_details(comparison.reference.prompt, layout);
  head += "\n";
  if (!comparison.mismatch) {
    return head + token_table(comparison.reference) + "\n" +
           layout.paragraph("SAME-TOKENS: both tokenizers made the same ids.");
  }
  return head + mismatch_text(*comparison.mismatch, layout) + "\n" +
         layout.paragraph("TOKENS-DIFFER: " + what_differs(*comparison.mismatch) + ".");
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
