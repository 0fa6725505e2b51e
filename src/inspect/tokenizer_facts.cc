#include "inspect/tokenizer_facts.h"

#include "tokenizer/gguf/read_vocabulary.h"

namespace crossval {
namespace {

constexpr std::string_view kTemplate = "tokenizer.chat_template";

void add_templates(const GgufFile& file, TokenizerFacts& facts) {
  for (const GgufKey& key : file.keys()) {
    if (key.name == kTemplate) facts.chat_templates.emplace_back("default");
    if (key.name.starts_with(kTemplate) && key.name.substr(kTemplate.size()).starts_with('.'))
      facts.chat_templates.emplace_back(key.name.substr(kTemplate.size() + 1));
  }
}

}  // namespace

Result<TokenizerFacts> read_tokenizer_facts(const GgufFile& file) {
  TokenizerFacts facts;
  const auto model = file.string_or("tokenizer.ggml.model", "none");
  if (!model) return tl::unexpected(model.error());
  if (*model == "none" || *model == "no_vocab") return facts;
  const auto vocabulary = read_vocabulary(file);
  if (!vocabulary) return tl::unexpected(vocabulary.error());
  // What only encoding needs: merges, character maps, the tokens that are added.
  const auto tokenizer = Tokenizer::from_gguf(file);
  if (!tokenizer) return tl::unexpected(tokenizer.error());
  if (const auto nothing = (*tokenizer)->encode("", true, false); !nothing)
    return tl::unexpected(nothing.error());
  facts.model = vocabulary->model;
  facts.family = std::string(family_name(*vocabulary));
  facts.pre_tokenizer = vocabulary->pre_tokenizer;
  facts.size = vocabulary->size();
  const auto role = [&](const char* name, int32_t id) {
    if (id < 0 || id >= vocabulary->size()) return;
    facts.roles.push_back({name, id, vocabulary->tokens[static_cast<size_t>(id)].text});
  };
  role("BOS", vocabulary->bos);
  role("EOS", vocabulary->eos);
  role("EOT", vocabulary->eot);
  role("EOM", vocabulary->eom);
  role("unknown", vocabulary->unknown);
  role("separator", vocabulary->separator);
  role("padding", vocabulary->padding);
  facts.end_of_generation.assign(vocabulary->end_of_generation.begin(),
                                 vocabulary->end_of_generation.end());
  facts.add_bos = vocabulary->add_bos;
  facts.add_eos = vocabulary->add_eos;
  add_templates(file, facts);
  return facts;
}

}  // namespace crossval
