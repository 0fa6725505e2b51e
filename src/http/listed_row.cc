#include "http/listed_row.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <functional>
#include <string_view>
#include <utility>
#include <vector>

#include "http/answer.h"

namespace crossval {
namespace {

using Json = nlohmann::json;

// −1: no number.
TokenId number_in(std::string_view text) {
  TokenId id = 0;
  const auto [end, status] = std::from_chars(text.data(), text.data() + text.size(), id);
  return status == std::errc{} && end == text.data() + text.size() && id >= 0 ? id : -1;
}

// Of an element of a list.
TokenId id_in(const Json& entry, const TokenTexts& texts) {
  const int32_t id = number_of(member(entry, "id"));
  if (id >= 0) return id;
  std::string text;
  for (const Json& byte : member(entry, "bytes")) text += static_cast<char>(number_of(byte));
  return texts.id_of(text.empty() ? text_of(member(entry, "token")) : text);
}

}  // namespace

Result<ListedRow> read_listed_row(const Json& listed, const TokenTexts& texts, size_t most) {
  const auto bad = [](const char* what) { return fail(ExitCode::engine_failed, what); };
  constexpr std::string_view kTokenId = "token_id:";
  std::vector<TopToken> tokens;
  tokens.reserve(listed.size());
  if (listed.is_array()) {
    for (const Json& entry : listed) {
      const Json& value = member(entry, "logprob");
      if (!value.is_number()) return bad("lists a token without a log-probability");
      tokens.push_back({id_in(entry, texts), value.get<float>()});
    }
  } else if (listed.is_object()) {
    for (const auto& [key, entry] : listed.items()) {
      const Json& value = entry.is_object() ? member(entry, "logprob") : entry;
      if (!value.is_number()) return bad("lists a token without a log-probability");
      const bool is_id = key.starts_with(kTokenId);
      const TokenId id = is_id ? number_in(std::string_view(key).substr(kTokenId.size()))
                         : entry.is_object() ? number_in(key)
                                             : texts.id_of(key);
      tokens.push_back({id, value.get<float>()});
    }
  } else {
    return bad("is no list of log-probabilities");
  }
  std::ranges::sort(tokens, std::greater<>(), &TopToken::log_probability);
  const auto unknown = std::ranges::find(tokens, -1, &TopToken::id);
  const bool ended = unknown != tokens.end();
  tokens.erase(unknown, tokens.end());
  auto row = top_row(std::move(tokens), most, texts.n_vocab());
  if (!row) return tl::unexpected(row.error());
  return ListedRow{*std::move(row), ended};
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
