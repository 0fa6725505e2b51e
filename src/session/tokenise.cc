#include "session/tokenise.h"

#include <fmt/format.h>

#include "gate/token_offsets.h"
#include "session/prompt_record.h"

namespace crossval {
namespace {

Result<std::vector<TokenId>> ids_of(const Prompt& prompt, const EnginePair& engines, Side side) {
  auto ids = prompt_ids(prompt, engines.of(side));
  if (!ids) return tl::unexpected(attributed(engines, side, ids.error()));
  const bool given = !prompt.ids.empty();
  const auto ok = check_ids(engines, side, *ids, given ? ExitCode::usage : ExitCode::engine_failed);
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

Tokenisation tokenisation_of(const Prompt& prompt, const Engine& engine, std::vector<TokenId> ids,
                             std::vector<std::string> pieces) {
  Tokenisation result;
  result.engine = engine.info().identity.name;
  result.prompt = prompt_record(prompt);
  result.ids = std::move(ids);
  result.ranges = locate_pieces(prompt.text, pieces);
  result.pieces = std::move(pieces);
  result.warnings = all_warnings(prompt, engine);
  return result;
}

}  // namespace

Result<std::vector<TokenId>> prompt_ids(const Prompt& prompt, Engine& engine) {
  return tokenize_prompt(prompt, [&](std::string_view text, const TokenizeOptions& options) {
    return engine.tokenize(text, options);
  });
}

Result<std::vector<std::string>> pieces_of(const EnginePair& engines,
                                           std::span<const TokenId> ids) {
  for (const Side side : {Side::reference, Side::candidate}) {
    if (engines.of(side).info().capabilities.tokenize) return pieces_by(engines, side, ids);
  }
  return std::vector<std::string>(ids.size());
}

Result<void> check_ids(const EnginePair& engines, Side side, std::span<const TokenId> ids,
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

Result<PromptTokens> tokenise_both(const Prompt& prompt, const PromptModelFacts& model,
                                   const EnginePair& engines) {
  auto candidate = ids_of(prompt, engines, Side::candidate);
  if (!candidate) return tl::unexpected(candidate.error());
  auto reference = ids_of(prompt, engines, Side::reference);
  if (!reference) return tl::unexpected(reference.error());
  PromptTokens tokens;
  if (*candidate == *reference) {
    auto pieces = pieces_of(engines, *reference);
    if (!pieces) return tl::unexpected(pieces.error());
    tokens.candidate = {engine_label(engines, Side::candidate), *std::move(candidate), *pieces};
    tokens.reference = {engine_label(engines, Side::reference), *std::move(reference),
                        *std::move(pieces)};
    return tokens;
  }
  auto a = side_of(engines, Side::candidate, *std::move(candidate));
  if (!a) return tl::unexpected(a.error());
  auto b = side_of(engines, Side::reference, *std::move(reference));
  if (!b) return tl::unexpected(b.error());
  tokens.candidate = *std::move(a);
  tokens.reference = *std::move(b);
  std::vector<std::string> specials = model.control_texts;
  specials.insert(specials.end(), model.user_defined_texts.begin(), model.user_defined_texts.end());
  tokens.mismatch = find_token_mismatch({.text = prompt.text,
                                         .candidate = tokens.candidate,
                                         .reference = tokens.reference,
                                         .bos_text = model.bos_text,
                                         .eos_text = model.eos_text,
                                         .special_texts = std::move(specials)});
  return tokens;
}

Result<Tokenisation> tokenise(const Prompt& prompt, Engine& engine) {
  auto ids = prompt_ids(prompt, engine);
  if (!ids) return tl::unexpected(ids.error());
  auto pieces = engine.pieces(*ids);
  if (!pieces) return tl::unexpected(pieces.error());
  return tokenisation_of(prompt, engine, *std::move(ids), *std::move(pieces));
}

Result<TokenComparison> compare_tokens(const Prompt& prompt, const PromptModelFacts& model,
                                       const EnginePair& engines) {
  if (!prompt.ids.empty()) {
    return fail(ExitCode::usage, "there is no text to tokenise", "--tokens",
                "Give the text with -p or -f.");
  }
  auto tokens = tokenise_both(prompt, model, engines);
  if (!tokens) return tl::unexpected(tokens.error());
  const auto of = [&](const Engine& engine, TokenSide& side) {
    return tokenisation_of(prompt, engine, std::move(side.ids), std::move(side.pieces));
  };
  return TokenComparison{engines.candidate.info(), engines.reference.info(),
                         of(engines.candidate, tokens->candidate),
                         of(engines.reference, tokens->reference), std::move(tokens->mismatch)};
}

}  // namespace crossval
