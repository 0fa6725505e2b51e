#include "prompt/bos_policy.h"

#include <string>

namespace crossval {
namespace {

// How often the text begins with the BOS.
size_t leading(std::string_view text, std::string_view bos) {
  size_t count = 0;
  for (; !bos.empty() && text.starts_with(bos); text.remove_prefix(bos.size())) ++count;
  return count;
}

// Of a text that writes `written` of them, before which one more may be added.
void warn_of_several(size_t written, const PromptModelFacts& model, bool templated,
                     BosPolicy& policy) {
  const bool added = policy.prepend_bos || (policy.add_special && model.add_bos);
  if (written + (added ? 1 : 0) < 2) return;
  std::string what = "the prompt starts with " +
                     (written == 1 ? "two" : std::to_string(written + (added ? 1 : 0))) +
                     " BOS tokens: " + (templated ? "the template" : "the text") + " writes " +
                     model.bos_text;
  if (written > 1) what += " " + std::to_string(written) + " times";
  if (added)
    what += " and the tokenizer adds another; --bos off leaves " +
            (written == 1 ? std::string("one") : std::to_string(written));
  policy.warnings.push_back({"bos-doubled", what});
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
  const size_t written = parse_special ? leading(text, model.bos_text) : 0;
  BosPolicy policy;
  if (toggle == Toggle::on) {
    policy.prepend_bos = !model.add_bos;
    policy.decision = {"added", "asked for by --bos on"};
  } else if (toggle == Toggle::off) {
    policy.add_special = false;
    policy.decision = {"not added", "asked for by --bos off"};
    if (model.add_bos && written == 0) {
      policy.warnings.push_back(
          {"bos-missing", model.vocabulary +
                              " asks for a BOS token and the prompt has none; models trained with "
                              "one answer differently without it"});
    }
    drop_eos(model, policy);
  } else if (!model.add_bos) {
    policy.decision = {"not added", model.vocabulary + " asks for none"};
  } else if (written > 0 && templated) {
    policy.add_special = false;
    policy.decision = {"not added", "the template writes " + model.bos_text + " itself"};
    drop_eos(model, policy);
  } else {
    policy.decision = {"added", model.vocabulary + " asks for it"};
  }
  warn_of_several(written, model, templated, policy);
  return policy;
}

}  // namespace crossval
