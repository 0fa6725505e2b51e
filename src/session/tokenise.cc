#include "session/tokenise.h"

#include <fmt/format.h>

namespace crossval {
namespace {

Result<void> check_vocabulary(const EnginePair& engines, Side side, std::span<const TokenId> ids,
                              ExitCode code) {
  const int32_t n_vocab = engines.of(side).info().settings.n_vocab;
  for (size_t i = 0; i < ids.size(); ++i) {
    if (ids[i] < 0 || ids[i] >= n_vocab) {
      return fail(code,
                  fmt::format("token id {} at index {} is outside the vocabulary of {} tokens",
                              ids[i], i, n_vocab),
                  engine_label(engines, side));
    }
  }
  return {};
}

Result<std::vector<TokenId>> ids_of(const PerTokenPlan& plan, const EnginePair& engines,
                                    Side side) {
  Engine& engine = engines.of(side);
  auto ids =
      tokenize_prompt(plan.prompt, [&](std::string_view text, const TokenizeOptions& options) {
        return engine.tokenize(text, options);
      });
  if (!ids) return tl::unexpected(attributed(engines, side, ids.error()));
  const bool given = !plan.prompt.ids.empty();
  const auto ok =
      check_vocabulary(engines, side, *ids, given ? ExitCode::usage : ExitCode::engine_failed);
  if (!ok) return tl::unexpected(ok.error());
  return ids;
}

Result<std::vector<std::string>> pieces_by(const EnginePair& engines, Side side,
                                           std::span<const TokenId> ids) {
  auto pieces = engines.of(side).pieces(ids);
  if (!pieces) return tl::unexpected(attributed(engines, side, pieces.error()));
  if (pieces->size() != ids.size()) {
    return fail(ExitCode::engine_failed,
                fmt::format("{} pieces for {} tokens", pieces->size(), ids.size()),
                engine_label(engines, side));
  }
  return pieces;
}

Result<TokenSide> side_of(const EnginePair& engines, Side side, std::vector<TokenId> ids) {
  auto pieces = pieces_by(engines, side, ids);
  if (!pieces) return tl::unexpected(pieces.error());
  return TokenSide{engine_label(engines, side), std::move(ids), *std::move(pieces)};
}

}  // namespace

Result<std::vector<std::string>> pieces_of(const EnginePair& engines,
                                           std::span<const TokenId> ids) {
  for (const Side side : {Side::reference, Side::candidate}) {
    if (engines.of(side).info().capabilities.tokenize) return pieces_by(engines, side, ids);
  }
  return std::vector<std::string>(ids.size());
}

Result<PromptTokens> tokenise_both(const PerTokenPlan& plan, const EnginePair& engines) {
  auto candidate = ids_of(plan, engines, Side::candidate);
  if (!candidate) return tl::unexpected(candidate.error());
  auto reference = ids_of(plan, engines, Side::reference);
  if (!reference) return tl::unexpected(reference.error());
  PromptTokens tokens;
  tokens.ids = *reference;
  if (*candidate != *reference) {
    auto a = side_of(engines, Side::candidate, *std::move(candidate));
    if (!a) return tl::unexpected(a.error());
    auto b = side_of(engines, Side::reference, *std::move(reference));
    if (!b) return tl::unexpected(b.error());
    tokens.pieces = b->pieces;
    std::vector<std::string> specials = plan.model.control_texts;
    specials.insert(specials.end(), plan.model.user_defined_texts.begin(),
                    plan.model.user_defined_texts.end());
    tokens.mismatch = find_token_mismatch({.text = plan.prompt.text,
                                           .candidate = *std::move(a),
                                           .reference = *std::move(b),
                                           .bos_text = plan.model.bos_text,
                                           .eos_text = plan.model.eos_text,
                                           .special_texts = std::move(specials)});
    return tokens;
  }
  auto pieces = pieces_of(engines, tokens.ids);
  if (!pieces) return tl::unexpected(pieces.error());
  tokens.pieces = *std::move(pieces);
  return tokens;
}

}  // namespace crossval
