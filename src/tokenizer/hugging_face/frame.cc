#include "tokenizer/hugging_face/frame.h"

#include <nlohmann/json.hpp>

namespace crossval {
namespace {

using nlohmann::json;

// ["text", id], as BERT's and RoBERTa's processors name a token.
Result<int32_t> id_of_pair(const json& processor, std::string_view name, const HfPlace& place) {
  const auto pair = hf_array(processor, name, place);
  if (!pair) return tl::unexpected(pair.error());
  const auto id = (*pair)->size() == 2 ? hf_token_id((**pair)[1]) : std::nullopt;
  if (!id) return hf_error(place.at(name), "no token and its id");
  return *id;
}

Result<void> append_special(const json& processor, const json& part, const HfPlace& place,
                            std::vector<int32_t>* ids) {
  const auto name = hf_string(part, "id", place);
  if (!name) return tl::unexpected(name.error());
  const json* all = hf_find(processor, "special_tokens");
  const json* token = all == nullptr ? nullptr : hf_find(*all, *name);
  if (token == nullptr) return hf_error(place, "the template names a token that it does not list");
  const auto list = hf_array(*token, "ids", place);
  if (!list) return tl::unexpected(list.error());
  for (const json& id : **list) {
    const auto token_id = hf_token_id(id);
    if (!token_id) return hf_error(place, "no token id");
    ids->push_back(*token_id);
  }
  return {};
}

Result<HfFrame> of_template(const json& processor, const HfPlace& place) {
  const auto parts = hf_array(processor, "single", place);
  if (!parts) return tl::unexpected(parts.error());
  HfFrame frame;
  int texts = 0;
  for (size_t i = 0; i < (*parts)->size(); ++i) {
    const json& part = (**parts)[i];
    const HfPlace here = place.at("single").at(i);
    if (hf_find(part, "Sequence") != nullptr) {
      ++texts;
    } else if (const json* special = hf_find(part, "SpecialToken")) {
      auto added =
          append_special(processor, *special, here, texts == 0 ? &frame.before : &frame.after);
      if (!added) return tl::unexpected(added.error());
    } else {
      return hf_error(here, "neither a sequence nor a special token");
    }
  }
  if (texts != 1) return hf_error(place.at("single"), "the template must hold the text once");
  return frame;
}

Result<HfFrame> of(const json& processor, const HfPlace& place) {
  const auto type = hf_string(processor, "type", place);
  if (!type) return tl::unexpected(type.error());
  if (*type == "ByteLevel") return HfFrame{};  // only offsets
  if (*type == "TemplateProcessing") return of_template(processor, place);
  if (*type == "BertProcessing" || *type == "RobertaProcessing") {
    const auto first = id_of_pair(processor, "cls", place);
    const auto last = id_of_pair(processor, "sep", place);
    if (!first) return tl::unexpected(first.error());
    if (!last) return tl::unexpected(last.error());
    return HfFrame{{*first}, {*last}};
  }
  if (*type != "Sequence") return hf_unsupported(place, "post-processor", *type);
  const auto list = hf_array(processor, "processors", place);
  if (!list) return tl::unexpected(list.error());
  HfFrame all;
  for (size_t i = 0; i < (*list)->size(); ++i) {
    auto one = of((**list)[i], place.at("processors").at(i));
    if (!one) return one;
    all.before.insert(all.before.begin(), one->before.begin(), one->before.end());
    all.after.insert(all.after.end(), one->after.begin(), one->after.end());
  }
  return all;
}

}  // namespace

Result<HfFrame> parse_hf_frame(const json* processor, const HfPlace& place, int32_t tokens) {
  if (processor == nullptr) return HfFrame{};
  auto frame = of(*processor, place);
  if (!frame) return frame;
  for (const auto* ids : {&frame->before, &frame->after}) {
    for (const int32_t id : *ids) {
      if (id < 0 || id >= tokens) return hf_error(place, "token id out of range");
    }
  }
  return frame;
}

}  // namespace crossval
