#include "prompt/bos_policy.h"

namespace crossval {
namespace {

PromptWarning doubled(const PromptModelFacts& model, bool templated) {
  return {"bos-doubled", "the prompt starts with two BOS tokens: " +
                             std::string(templated ? "the template" : "the text") + " writes " +
                             model.bos_text +
                             " and the tokenizer adds another; --bos off leaves one"};
}

void drop_eos(const PromptModelFacts& model, BosPolicy& policy) {
  if (!model.add_eos) return;
  policy.warnings.push_back(
      {"eos-dropped", model.vocabulary +
                          " asks for an EOS at the end, which is left out together with "
                          "the tokenizer's BOS"});
}

}  // namespace

BosPolicy decide_bos(Toggle toggle, std::string_view text, bool templated, bool parse_special,
                     const PromptModelFacts& model) {
  const bool written = parse_special && !model.bos_text.empty() && text.starts_with(model.bos_text);
  BosPolicy policy;
  if (toggle == Toggle::on) {
    policy.prepend_bos = !model.add_bos;
    policy.decision = {"added", "asked for by --bos on"};
    if (written) policy.warnings.push_back(doubled(model, templated));
  } else if (toggle == Toggle::off) {
    policy.add_special = false;
    policy.decision = {"not added", "asked for by --bos off"};
    if (model.add_bos && !written) {
      policy.warnings.push_back(
          {"bos-missing", model.vocabulary +
                              " asks for a BOS token and the prompt has none; models trained with "
                              "one answer differently without it"});
    }
    drop_eos(model, policy);
  } else if (!model.add_bos) {
    policy.decision = {"not added", model.vocabulary + " asks for none"};
  } else if (written && templated) {
    policy.add_special = false;
    policy.decision = {"not added", "the template writes " + model.bos_text + " itself"};
    drop_eos(model, policy);
  } else {
    policy.decision = {"added", model.vocabulary + " asks for it"};
    if (written) policy.warnings.push_back(doubled(model, templated));
  }
  return policy;
}

}  // namespace crossval
