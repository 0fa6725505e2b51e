// What a server answers: any JSON where a row is due, in each of its shapes.
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "logprobs/json_members.h"
#include "logprobs/listed_row.h"

namespace {

using namespace crossval;

// Rows that are taken are sorted, of tokens that there are, and a part of one distribution.
void check(const TopRow& row, size_t most) {
  double sum = 0;
  for (size_t i = 0; i < row.tokens.size(); ++i) {
    const TopToken& token = row.tokens[i];
    if (token.id < 0 || token.id > 1 || std::isnan(token.log_probability)) __builtin_trap();
    if (i > 0 && row.tokens[i - 1].log_probability < token.log_probability) __builtin_trap();
    sum += std::exp(double{token.log_probability});
  }
  if (row.tokens.size() > most || sum > 1.01 || row.rest < 0 || row.rest > 1) __builtin_trap();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const ListedTokens known = {2, [](std::string_view text) {
                                       return text == "a" ? 0 : text == "b" ? 1 : -1;
                                     }};
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto json = nlohmann::json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (json.is_discarded()) return 0;
  (void)number_of(member(element(json, 0), "id"));
  (void)text_of(member(json, "error"));
  constexpr size_t kMost = 2;
  for (const auto* part : {&json, &member(json, "top_logprobs"), &element(json, 0)}) {
    if (const auto row = read_listed_row(*part, known, kMost)) check(row->row, kMost);
  }
  return 0;
}
