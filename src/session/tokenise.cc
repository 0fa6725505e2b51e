#include "session/tokenise.h"

#include <fmt/format.h>

#include "gate/token_offsets.h"
#include "session/pre_tokenizer_notes.h"
#include "session/prompt_record.h"

namespace crossval {
namespace {

// The prompt as the vocabulary of `side` would have it: what --bos on puts in front is its own BOS.
Prompt prompt_of(const PromptPair& prompts, const PairFacts& facts, const EnginePair& engines,
                 Side side) {
  if (side == Side::candidate && prompts.candidate != nullptr) return *prompts.candidate;
  Prompt own = prompts.shared;
  own.bos_text = (side == Side::candidate ? facts.candidate : facts.reference).bos_text;
  own.prepend_bos = own.prepend_bos && !engines.of(side).info().settings.add_bos;
  return own;
}

Result<std::vector<TokenId>> ids_of(const Prompt& prompt, const EnginePair& engines, Side side) {
  auto ids = prompt_ids(prompt, engines.of(side));
  if (!ids) return tl::unexpected(attributed(engines, side, ids.error()));
  return ids;
}

// Of a text the side whose engine has no tokenizer while the other has one.
std::optional<Side> side_without_tokenizer(const Prompt& prompt, const EnginePair& engines) {
  const bool candidate = engines.candidate.info().capabilities.tokenize;
  const bool reference = engines.reference.info().capabilities.tokenize;
  if (!prompt.ids.empty() || candidate == reference) return std::nullopt;
  return candidate ? Side::reference : Side::candidate;
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

Result<TokenSide> side_of(const EnginePair& engines, Side side, const PromptModelFacts& facts,
                          std::string_view text, std::vector<TokenId> ids) {
  auto pieces = pieces_by(engines, side, ids);
  if (!pieces) return tl::unexpected(pieces.error());
  TokenSide result{.engine = engine_label(engines, side),
                   .ids = std::move(ids),
                   .pieces = *std::move(pieces),
                   .pieces_elsewhere = {},
                   .bos_text = facts.bos_text,
                   .eos_text = facts.eos_text,
                   .special_texts = facts.control_texts,
                   .pre_tokenizer = facts.pre_tokenizer,
                   .text = text};
  result.special_texts.insert(result.special_texts.end(), facts.user_defined_texts.begin(),
                              facts.user_defined_texts.end());
  return result;
}

// Asks `other` what it knows the ids of `side` by.
Result<void> look_up_elsewhere(const EnginePair& engines, Side other, TokenSide& side) {
  const int32_t n_vocab = engines.of(other).info().settings.n_vocab;
  std::vector<TokenId> known;
  for (const TokenId id : side.ids) {
    if (id < n_vocab) known.push_back(id);
  }
  auto pieces = pieces_by(engines, other, known);
  if (!pieces) return tl::unexpected(pieces.error());
  size_t next = 0;
  for (const TokenId id : side.ids) {
    side.pieces_elsewhere.push_back(id < n_vocab ? std::move((*pieces)[next++]) : std::string());
  }
  return {};
}

Tokenisation tokenisation_of(const Prompt& prompt, const Engine& engine, std::vector<TokenId> ids,
                             std::vector<std::string> pieces) {
  Tokenisation result;
  result.engine = engine.info();
  result.prompt = prompt_record(prompt);
  result.ids = std::move(ids);
  result.ranges = locate_pieces(prompt.text, pieces, prompt.bos_text);
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

Result<void> check_ids(const Engine& engine, std::span<const TokenId> ids, ExitCode code) {
  const int32_t n_vocab = engine.info().settings.n_vocab;
  for (size_t i = 0; i < ids.size(); ++i) {
    if (ids[i] < 0 || ids[i] >= n_vocab) {
      return fail(code,
                  fmt::format("token id {} at index {} is outside the vocabulary of {} tokens",
                              ids[i], i, n_vocab),
                  "engine " + engine.info().identity.name);
    }
  }
  return {};
}

Result<PromptTokens> tokenise_both(const PromptPair& prompts, const PairFacts& facts,
                                   const EnginePair& engines) {
  PromptTokens tokens;
  tokens.without = side_without_tokenizer(prompts.shared, engines);
  const auto ids_for = [&](Side side) {
    const Side by = tokens.without == side ? other_side(side) : side;
    return ids_of(prompt_of(prompts, facts, engines, by), engines, by);
  };
  auto candidate = ids_for(Side::candidate);
  if (!candidate) return tl::unexpected(candidate.error());
  auto reference = ids_for(Side::reference);
  if (!reference) return tl::unexpected(reference.error());
  if (*candidate == *reference) {
    // An engine may have made an id that it does not have; the user may have given one.
    const auto code = prompts.shared.ids.empty() ? ExitCode::engine_failed : ExitCode::usage;
    for (const Side side : {Side::candidate, Side::reference}) {
      if (auto ok = check_ids(engines.of(side), *reference, code); !ok) {
        return tl::unexpected(attributed(engines, side, ok.error()));
      }
    }
    auto pieces = pieces_of(engines, *reference);
    if (!pieces) return tl::unexpected(pieces.error());
    tokens.candidate.ids = *std::move(candidate);
    tokens.reference.ids = *std::move(reference);
    tokens.candidate.pieces = *pieces;
    tokens.reference.pieces = *std::move(pieces);
    return tokens;
  }
  auto a = side_of(engines, Side::candidate, facts.candidate, prompts.of(Side::candidate).text,
                   *std::move(candidate));
  if (!a) return tl::unexpected(a.error());
  auto b = side_of(engines, Side::reference, facts.reference, prompts.of(Side::reference).text,
                   *std::move(reference));
  if (!b) return tl::unexpected(b.error());
  if (auto ok = look_up_elsewhere(engines, Side::reference, *a); !ok) {
    return tl::unexpected(ok.error());
  }
  if (auto ok = look_up_elsewhere(engines, Side::candidate, *b); !ok) {
    return tl::unexpected(ok.error());
  }
  tokens.candidate = *std::move(a);
  tokens.reference = *std::move(b);
  tokens.mismatch =
      find_token_mismatch({.candidate = tokens.candidate, .reference = tokens.reference});
  if (tokens.mismatch) {
    tokens.mismatch->pre_tokenizers =
        note_pre_tokenizers(tokens.candidate, tokens.reference, prompts.shared.tokenize, facts,
                            engines, *tokens.mismatch);
  }
  return tokens;
}

Result<PromptTokens> same_tokens(const PromptPair& prompts, const PairFacts& facts,
                                 const EnginePair& engines) {
  auto tokens = tokenise_both(prompts, facts, engines);
  if (!tokens || !tokens->mismatch) return tokens;
  return fail(ExitCode::tokens_differ, "the engines' token ids are not the same", {},
              "crossval tokenize --compare shows where and why; --tokens gives both the same.");
}

std::optional<Warning> warn_about_ids(const EnginePair& engines, const PromptTokens& tokens) {
  if (!tokens.without) return std::nullopt;
  return Warning{"tokens-not-compared",
                 fmt::format("{} cannot tokenise: it gets the ids of {}",
                             engine_label(engines, *tokens.without),
                             engine_label(engines, other_side(*tokens.without)))};
}

Result<Tokenisation> tokenise(const Prompt& prompt, Engine& engine) {
  auto ids = prompt_ids(prompt, engine);
  if (!ids) return tl::unexpected(ids.error());
  if (!prompt.ids.empty() && engine.info().capabilities.tokenize) {
    if (auto ok = check_ids(engine, *ids, ExitCode::usage); !ok) return tl::unexpected(ok.error());
  }
  auto pieces = engine.pieces(*ids);
  if (!pieces) return tl::unexpected(pieces.error());
  return tokenisation_of(prompt, engine, *std::move(ids), *std::move(pieces));
}

Result<TokenComparison> compare_tokens(const PromptPair& prompts, const PairFacts& facts,
                                       const EnginePair& engines) {
  if (!prompts.shared.ids.empty()) {
    return fail(ExitCode::usage, "there is no text to tokenise", "--tokens",
                "Give the text with -p or -f.");
  }
  auto tokens = tokenise_both(prompts, facts, engines);
  if (!tokens) return tl::unexpected(tokens.error());
  if (tokens->without) {
    return fail(ExitCode::usage, "the engine has no tokenizer to compare",
                engine_label(engines, *tokens->without));
  }
  const auto of = [&](Side side, TokenSide& made) {
    return tokenisation_of(prompt_of(prompts, facts, engines, side), engines.of(side),
                           std::move(made.ids), std::move(made.pieces));
  };
  TokenComparison result{of(Side::candidate, tokens->candidate),
                         of(Side::reference, tokens->reference), std::move(tokens->mismatch),
                         prompts.candidate != nullptr, prompt_warnings(prompts)};
  if (auto texts = warn_about_texts(prompts); texts && !result.mismatch) {
    result.warnings.push_back(*std::move(texts));
  }
  for (const Side side : {Side::candidate, Side::reference}) {
    append_warnings(engines.of(side).info(), engine_label(engines, side), result.warnings);
  }
  return result;
}

}  // namespace crossval
