#include "logprobs/listed_row.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <functional>
#include <string_view>
#include <utility>
#include <vector>

#include "logprobs/json_members.h"

namespace crossval {
namespace {

using Json = nlohmann::json;

// −1: no number.
int32_t number_in(std::string_view text) {
  int32_t id = 0;
  const auto [end, status] = std::from_chars(text.data(), text.data() + text.size(), id);
  return status == std::errc{} && end == text.data() + text.size() && id >= 0 ? id : -1;
}

constexpr std::string_view kTokenId = "token_id:";  // vLLM's return_tokens_as_token_ids

int32_t id_of_text(std::string_view text, const ListedTokens& known) {
  return text.starts_with(kTokenId) ? number_in(text.substr(kTokenId.size())) : known.id_of(text);
}

// Of an element of a list.
int32_t id_in(const Json& entry, const ListedTokens& known) {
  const int32_t id = number_of(member(entry, "id"));
  if (id >= 0) return id;
  std::string text;
  for (const Json& byte : member(entry, "bytes")) text += static_cast<char>(number_of(byte));
  return id_of_text(text.empty() ? text_of(member(entry, "token")) : text, known);
}

}  // namespace

Result<TopRow> top_row(std::vector<TopToken> tokens, size_t most, int32_t n_vocab) {
  constexpr float kNoNumber = -1000;  // a float's softmax ends at −104
  constexpr double kRounding = 1e-3;
  const auto bad = [](std::string what) { return fail(ExitCode::engine_failed, std::move(what)); };
  for (const TopToken& token : tokens) {
    if (token.id < 0 || token.id >= n_vocab)
      return bad(fmt::format("lists token {}, which is not in [0, {})", token.id, n_vocab));
    if (std::isnan(token.log_probability) || token.log_probability > kRounding)
      return bad(
          fmt::format("gives token {} the log-probability {}", token.id, token.log_probability));
  }
  std::erase_if(tokens, [](const TopToken& t) { return t.log_probability <= kNoNumber; });
  std::ranges::sort(tokens, {}, &TopToken::id);
  const auto twice = std::ranges::adjacent_find(tokens, {}, &TopToken::id);
  if (twice != tokens.end()) return bad(fmt::format("lists token {} twice", twice->id));
  std::ranges::sort(tokens, [](const TopToken& a, const TopToken& b) {
    return a.log_probability != b.log_probability ? a.log_probability > b.log_probability
                                                  : a.id < b.id;
  });
  if (tokens.size() > most) tokens.resize(most);
  double listed = 0;
  for (const TopToken& token : tokens) listed += std::exp(double{token.log_probability});
  if (listed > 1 + kRounding) return bad(fmt::format("has probabilities of {} together", listed));
  const bool whole = std::cmp_equal(tokens.size(), n_vocab);
  return TopRow{std::move(tokens), whole ? 0 : std::max(0.0, 1 - listed)};
}

Result<ListedRow> read_listed_row(const Json& listed, const ListedTokens& known, size_t most) {
  const auto bad = [](const char* what) { return fail(ExitCode::engine_failed, what); };
  std::vector<TopToken> tokens;
  tokens.reserve(listed.size());
  if (listed.is_array()) {
    for (const Json& entry : listed) {
      const Json& value = member(entry, "logprob");
      if (!value.is_number()) return bad("lists a token without a log-probability");
      tokens.push_back({id_in(entry, known), value.get<float>()});
    }
  } else if (listed.is_object()) {
    for (const auto& [key, entry] : listed.items()) {
      const Json& value = entry.is_object() ? member(entry, "logprob") : entry;
      if (!value.is_number()) return bad("lists a token without a log-probability");
      const int32_t id = entry.is_object() ? number_in(key) : id_of_text(key, known);
      tokens.push_back({id, value.get<float>()});
    }
  } else {
    return bad("is no list of log-probabilities");
  }
  std::ranges::sort(tokens, std::greater<>(), &TopToken::log_probability);
  const auto unknown = std::ranges::find(tokens, -1, &TopToken::id);
  const bool ended = unknown != tokens.end();
  tokens.erase(unknown, tokens.end());
  auto row = top_row(std::move(tokens), most, known.n_vocab);
  if (!row) return tl::unexpected(row.error());
  return ListedRow{*std::move(row), ended};
}

const Json& listed_rows(const Json& choice) {
  const Json& logprobs = member(choice, "logprobs");
  const Json& content = member(logprobs, "content");
  return content.is_array() ? content : member(logprobs, "top_logprobs");
}

const Json& listed_at(const Json& rows, size_t at) {
  const Json& row = element(rows, at);
  const Json& inner = member(row, "top_logprobs");  // of a list of objects
  return inner.is_array() ? inner : row;
}

double distance(const TopRow& a, const TopRow& b) {
  constexpr double kAlone = 10;
  double sum = 0;
  for (const TopToken& token : a.tokens) {
    const auto same = std::ranges::find(b.tokens, token.id, &TopToken::id);
    sum += same == b.tokens.end()
               ? kAlone
               : std::abs(double{token.log_probability} - double{same->log_probability});
  }
  return a.tokens.empty() ? kAlone : sum / static_cast<double>(a.tokens.size());
}

}  // namespace crossval
