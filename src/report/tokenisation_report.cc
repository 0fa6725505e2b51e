#include "report/tokenisation_report.h"

#include <fmt/format.h>

#include "report/bytes_text.h"
#include "report/json_prompt.h"
#include "report/json_schema_version.h"
#include "report/json_values.h"

namespace crossval {

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
  return text + fmt::format("{} tokens of {} bytes\n", tokenisation.ids.size(),
                            tokenisation.prompt.text.size());
}

std::string tokenisation_json(const Tokenisation& tokenisation) {
  Json tokens = Json::array();
  for (size_t i = 0; i < tokenisation.ids.size(); ++i) {
    tokens.push_back({{"id", tokenisation.ids[i]},
                      {"piece", json_bytes(tokenisation.pieces[i])},
                      {"begin", tokenisation.ranges[i].begin},
                      {"end", tokenisation.ranges[i].end}});
  }
  return json_document({{"schema_version", kJsonSchemaVersion},
                        {"status", "ok"},
                        {"exit_code", 0},
                        {"engine", tokenisation.engine},
                        {"prompt", json_prompt(tokenisation.prompt)},
                        {"count", tokenisation.ids.size()},
                        {"tokens", std::move(tokens)},
                        {"warnings", json_warnings(tokenisation.warnings)}});
}

}  // namespace crossval
