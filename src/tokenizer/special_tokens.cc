// Files mark their end-of-generation and fill-in-the-middle tokens badly or not at all, so upstream
// recognises them by their text; the same texts are recognised here.
#include <algorithm>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>

#include "tokenizer/vocabulary.h"

namespace crossval {
namespace {

using Texts = std::span<const std::string_view>;

constexpr std::string_view kEndOfTurn[] = {
    "<|eot_id|>",        "<|im_end|>", "<|end|>", "<end_of_turn>", "<|endoftext|>",
    "<|end_of_text|>",   "<EOT>",      "_<EOT>",  "[EOT]",         "<｜end▁of▁sentence｜>",
    "<end_of_utterance>"};
constexpr std::string_view kEndOfMessage[] = {"<|eom_id|>"};
constexpr std::string_view kFimPrefix[] = {"<|fim_prefix|>",  "<fim-prefix>", "<fim_prefix>",
                                           "<｜fim▁begin｜>", "<PRE>",        "▁<PRE>",
                                           "<|code_prefix|>", "<|prefix|>"};
constexpr std::string_view kFimSuffix[] = {"<|fim_suffix|>",  "<fim-suffix>", "<fim_suffix>",
                                           "<｜fim▁hole｜>",  "<SUF>",        "▁<SUF>",
                                           "<|code_suffix|>", "<|suffix|>"};
constexpr std::string_view kFimMiddle[] = {"<|fim_middle|>",  "<fim-middle>", "<fim_middle>",
                                           "<｜fim▁end｜>",   "<MID>",        "▁<MID>",
                                           "<|code_middle|>", "<|middle|>"};
constexpr std::string_view kFimPadding[] = {"<|fim_pad|>", "<fim-pad>", "<fim_pad>", "<PAD>",
                                            "[PAD]"};
constexpr std::string_view kFimRepository[] = {"<|fim_repo|>", "<|repo_name|>", "<fim-repo>",
                                               "<REPO>", "<reponame>"};
constexpr std::string_view kFimSeparator[] = {"<|file_sep|>"};
// Besides kEndOfTurn.
constexpr std::string_view kEndOfGeneration[] = {
    "<|return|>", "<|call|>", "<|flush|>", "<|calls|>",       "</s>", "<|eom_id|>", "[EOS]",
    "<eos>",      "<turn|>",  "[e~[",      "<|tool_response>"};
constexpr std::string_view kAlwaysShown[] = {"<|channel|>", "<|message|>", "<|start|>",
                                             "<|constrain|>"};

uint16_t& attributes(Vocabulary* v, int32_t id) {
  return v->tokens[static_cast<size_t>(id)].attributes;
}

// The token of the first of these texts in the order of upstream's hash table, which decides when a
// vocabulary has several. Only then is that table built, by the same insertions as upstream's.
int32_t first_of(const Vocabulary& v, Texts texts) {
  std::vector<int32_t> found;
  for (const std::string_view text : texts) {
    if (const int32_t id = v.find(text); id != kNoToken) found.push_back(id);
  }
  if (found.size() < 2) return found.empty() ? kNoToken : found.front();
  std::unordered_map<std::string_view, int32_t> upstream;  // hashes as strings do
  for (int32_t id = 0; id < v.size(); ++id) upstream[v.tokens[static_cast<size_t>(id)].text] = id;
  const auto at = std::ranges::find_if(upstream, [&found](const auto& entry) {
    return std::ranges::find(found, entry.second) != found.end();
  });
  return at->second;
}

void recognise(Texts texts, int32_t* id, Vocabulary* v) {
  if (*id != kNoToken) return;
  *id = first_of(*v, texts);
  if (*id != kNoToken) attributes(v, *id) |= kTokenControl;
}

void mark_unused(Vocabulary* v) {
  for (VocabularyToken& token : v->tokens) {
    // Only up to the first zero byte, as a C string.
    const std::string_view text = std::string_view(token.text.c_str());
    if ((token.attributes & kTokenControl) != 0 && text.find("unused") != std::string_view::npos) {
      token.attributes |= kTokenUnused;
    }
  }
}

// Vocabularies in which a text of the lists above is something else.
void remove_exceptions(Vocabulary* v) {
  const auto ends = [v](std::string_view text) {
    const int32_t id = v->find(text);
    return id != kNoToken && v->end_of_generation.contains(id);
  };
  const bool calls = ends("<|call|>") || ends("<|calls|>");
  if (ends("<|end|>") && calls && (ends("<|return|>") || ends("<|flush|>"))) {
    const int32_t id = v->find("<|end|>");
    v->end_of_generation.erase(id);
    attributes(v, id) = kTokenUserDefined;
  }
  if (ends("</s>") && (ends("<|tool_response>") || ends("<|plamo:eos|>"))) {
    const int32_t id = v->find("</s>");
    v->end_of_generation.erase(id);
    attributes(v, id) = kTokenNormal;
  }
}

}  // namespace

void find_tokens_by_text(FillInMiddle named, Vocabulary* v) {
  recognise(kEndOfTurn, &v->eot, v);
  recognise(kEndOfMessage, &v->eom, v);
  recognise(kFimPrefix, &named.prefix, v);
  recognise(kFimSuffix, &named.suffix, v);
  recognise(kFimMiddle, &named.middle, v);
  recognise(kFimPadding, &named.padding, v);
  recognise(kFimRepository, &named.repository, v);
  recognise(kFimSeparator, &named.separator, v);
  mark_unused(v);

  for (const int32_t id : {named.padding, named.repository, named.separator}) {
    if (id != kNoToken) v->end_of_generation.insert(id);
  }
  for (const Texts texts : {Texts(kEndOfTurn), Texts(kEndOfGeneration)}) {
    for (const std::string_view text : texts) {
      const int32_t id = v->find(text);
      if (id == kNoToken) continue;
      v->end_of_generation.insert(id);
      attributes(v, id) |= kTokenControl;
    }
  }
  for (const std::string_view text : kAlwaysShown) {
    if (const int32_t id = v->find(text); id != kNoToken) attributes(v, id) = kTokenUserDefined;
  }
  for (const int32_t id : {v->eos, v->eot, v->eom}) {
    if (id != kNoToken) v->end_of_generation.insert(id);
  }
  remove_exceptions(v);
}

TokenKind kind_by_text(std::string_view text) {
  // Of a large vocabulary few begin like one of them.
  constexpr std::string_view kFirst = "<[_\xE2";
  if (text.empty() || kFirst.find(text.front()) == std::string_view::npos) return TokenKind::normal;
  if (std::ranges::find(kAlwaysShown, text) != std::end(kAlwaysShown)) {
    return TokenKind::user_defined;
  }
  for (const Texts texts : {Texts(kEndOfTurn), Texts(kEndOfGeneration), Texts(kEndOfMessage),
                            Texts(kFimPrefix), Texts(kFimSuffix), Texts(kFimMiddle),
                            Texts(kFimPadding), Texts(kFimRepository), Texts(kFimSeparator)}) {
    if (std::ranges::find(texts, text) != texts.end()) return TokenKind::control;
  }
  return TokenKind::normal;
}

void find_end_of_generation(Vocabulary* v) {
  std::vector<uint16_t> own;
  own.reserve(v->tokens.size());
  for (const VocabularyToken& token : v->tokens) own.push_back(token.attributes);
  find_tokens_by_text({}, v);
  for (size_t i = 0; i < own.size(); ++i) v->tokens[i].attributes = own[i];
}

}  // namespace crossval
