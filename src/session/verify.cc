#include "session/verify.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>

#include "gate/health.h"
#include "sample/sampler.h"
#include "session/tokenise.h"

namespace crossval {
namespace {

using Json = nlohmann::json;

// Wilson's interval of a share: good also where it is 0 or 1.
void set_interval(Verification& v) {
  constexpr double kZ = 1.959963984540054;  // 95 %
  const auto n = static_cast<double>(v.tokens);
  const double p = static_cast<double>(v.matches) / n, z2 = kZ * kZ;
  const double middle = (p + z2 / (2 * n)) / (1 + z2 / n);
  const double half = kZ / (1 + z2 / n) * std::sqrt(p * (1 - p) / n + z2 / (4 * n * n));
  v.match_low = std::max(0.0, middle - half);
  v.match_high = std::min(1.0, middle + half);
}

// What the draws of some rows have on average: ln p of a drawn token has the mean Σ p ln p.
struct Draws {
  double log_p = 0, expected = 0, variance = 0;  // sums

  void add(double log_probability, const std::vector<TokenChoice>& choices) {
    double mean = 0, squares = 0;
    for (const TokenChoice& choice : choices) {
      if (choice.probability == 0) continue;
      const double own = std::log(choice.probability);
      mean += choice.probability * own;
      squares += choice.probability * own * own;
    }
    log_p += log_probability;
    expected += mean;
    variance += squares - mean * mean;
  }

  void set(Verification& v) const {
    if (v.matches == 0) return;
    const auto n = static_cast<double>(v.matches);
    v.mean_log_p = log_p / n;
    v.expected_log_p = expected / n;
    v.deviation = variance > 0 ? (log_p - expected) / std::sqrt(variance) : 0;
  }
};

void score(std::span<const float> row, const SamplingOptions& sampling, ProducedToken& token,
           Draws& draws) {
  const auto highest = std::ranges::max_element(row);
  const float own = row[static_cast<size_t>(token.id)];
  token.expected = static_cast<TokenId>(highest - row.begin());
  token.margin = double{*highest} - own;
  token.rank = 1;
  for (size_t i = 0; i < row.size(); ++i) {
    const bool before = row[i] > own || (row[i] == own && static_cast<TokenId>(i) < token.id);
    token.rank += before ? 1 : 0;
  }
  const std::vector<TokenChoice> left = token_choices(row, sampling);
  float lowest = *highest;
  for (const TokenChoice& choice : left) {
    lowest = std::min(lowest, row[static_cast<size_t>(choice.id)]);
    if (choice.id == token.id) token.probability = choice.probability;
  }
  token.outside = token.probability > 0 ? 0 : std::max(0.0, double{lowest} - own);
  if (token.probability > 0) draws.add(std::log(token.probability), left);
}

void count(const ProducedToken& token, Verification& v) {
  ++v.tokens;
  const bool left = token.probability > 0;
  (left ? v.matches : token.outside <= v.margin_tol ? v.near : v.far) += 1;
  v.mean_margin += token.margin;
  v.largest_margin = std::max(v.largest_margin, token.margin);
  if (left) return;
  const auto place = std::ranges::find_if(
      v.worst, [&](const ProducedToken& other) { return other.outside < token.outside; });
  v.worst.insert(place, token);
  if (v.worst.size() > Verification::kMostShown) v.worst.pop_back();
}

// A list of token ids; nothing for all else.
std::optional<std::vector<TokenId>> ids_in(const Json& sample, const char* key) {
  const auto found = sample.find(key);
  if (found == sample.end() || !found->is_array()) return std::nullopt;
  std::vector<TokenId> ids;
  ids.reserve(found->size());
  for (const Json& id : *found) {
    if (!id.is_number_integer() || id < std::numeric_limits<TokenId>::min() ||
        id > std::numeric_limits<TokenId>::max())
      return std::nullopt;
    ids.push_back(id.get<TokenId>());
  }
  return ids;
}

// Nothing where it is of another shape.
std::optional<ProducedSample> sample_in(const Json& json) {
  if (!json.is_object() || !json.contains("outputs") || !json["outputs"].is_array())
    return std::nullopt;
  auto prompt = ids_in(json, "prompt_token_ids");
  if (!prompt) return std::nullopt;
  ProducedSample sample{*std::move(prompt), {}};
  sample.outputs.reserve(json["outputs"].size());
  for (const Json& output : json["outputs"]) {
    auto ids = output.is_object() ? ids_in(output, "token_ids") : std::nullopt;
    if (!ids) return std::nullopt;
    sample.outputs.push_back(*std::move(ids));
  }
  return sample;
}

// Whatever it does not say, or says in another way, is left as it is. A top_k of −1 is vLLM's
// "all".
SamplingOptions sampling_in(const Json& config) {
  SamplingOptions sampling;
  const auto number = [&](const char* key, auto set) {
    if (config.is_object() && config.contains(key) && config[key].is_number())
      set(config[key].get<double>());
  };
  number("temperature", [&](double x) { sampling.temperature = x; });
  number("top_p", [&](double x) { sampling.top_p = x; });
  number("min_p", [&](double x) { sampling.min_p = x; });
  number("top_k", [&](double x) {
    sampling.top_k = x > 0 && x < std::numeric_limits<int32_t>::max() ? static_cast<int32_t>(x) : 0;
  });
  return sampling;
}

}  // namespace

Result<ProducedTokens> parse_produced(std::string_view text, const std::string& path) {
  const auto bad = [&](const std::string& what, const std::string& where) {
    return fail(
        ExitCode::bad_input_file, what, path + where,
        R"(Write {"samples": [{"prompt_token_ids": [1, 2], "outputs": [{"token_ids": [3]}]}]}.)");
  };
  const Json json = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object() || !json.contains("samples") || !json["samples"].is_array())
    return bad("this is no list of samples", "");
  ProducedTokens produced;
  produced.samples.reserve(json["samples"].size());
  size_t tokens = 0;
  for (const Json& read : json["samples"]) {
    const std::string where = fmt::format(", sample {}", produced.samples.size());
    auto sample = sample_in(read);
    if (!sample) {
      return bad(
          "a sample has prompt_token_ids and outputs with token_ids, all of them lists of ids",
          where);
    }
    if (sample->prompt.empty()) return bad("the prompt has no token", where);
    for (const auto& output : sample->outputs) tokens += output.size();
    produced.samples.push_back(*std::move(sample));
  }
  if (tokens == 0) return bad("no token was produced", "");
  if (json.contains("config")) produced.sampling = sampling_in(json["config"]);
  if (auto ok = check_sampling(produced.sampling); !ok) return bad(ok.error().what, ", config");
  return produced;
}

Result<Verification> verify(const ProducedTokens& produced, double margin_tol, Engine& engine,
                            const std::function<void(int64_t)>& done, const std::stop_token& stop) {
  const auto& samples = produced.samples;
  const std::string where = "engine " + engine.info().identity.name;
  if (rows_of(engine.info().settings) != RowContent::logits)
    return fail(ExitCode::usage, "tokens are held against every logit, and this engine has not all",
                where);
  Verification v;
  v.margin_tol = margin_tol;
  v.sampling = produced.sampling;
  Draws draws;
  v.samples = static_cast<int32_t>(samples.size());
  for (size_t s = 0; s < samples.size(); ++s) {
    for (size_t o = 0; o < samples[s].outputs.size(); ++o) {
      const auto& output = samples[s].outputs[o];
      if (output.empty()) continue;
      ++v.outputs;
      std::vector<TokenId> ids = samples[s].prompt;
      ids.insert(ids.end(), output.begin(), output.end());
      if (auto ok = check_ids(engine, ids, ExitCode::usage); !ok) return tl::unexpected(ok.error());
      ids.pop_back();  // nothing follows the last one
      const auto first = static_cast<int32_t>(samples[s].prompt.size()) - 1;
      std::optional<HealthFinding> ill;
      const auto evaluated = engine.evaluate({.ids = ids}, [&](int32_t position, const Row& row) {
        if (position < first) return !stop.stop_requested();
        ill = check_row(Side::reference, position, row, engine.info().settings.n_vocab);
        if (ill) return false;
        ProducedToken token{.sample = static_cast<int32_t>(s),
                            .output = static_cast<int32_t>(o),
                            .index = position - first,
                            .position = position,
                            .id = output[static_cast<size_t>(position - first)]};
        score(row.logits, v.sampling, token, draws);
        count(token, v);
        done(v.tokens);
        return !stop.stop_requested();
      });
      if (!evaluated) return tl::unexpected(evaluated.error());
      if (stop.stop_requested()) return fail(ExitCode::interrupted, "interrupted");
      if (ill) return unhealthy_logits(*ill, fmt::format("{}, sample {}", where, s));
    }
  }
  v.mean_margin /= static_cast<double>(v.tokens);
  set_interval(v);
  draws.set(v);
  v.engine = engine.info();
  return v;
}

}  // namespace crossval
