#include "report/json/engine.h"

namespace crossval {
namespace {

Json list(const std::vector<std::string>& texts) {
  Json all = Json::array();
  for (const std::string& text : texts) all.push_back(json_bytes(text));
  return all;
}

Json identity_of(const EngineIdentity& identity) {
  return {{"name", identity.name},
          {"version", json_bytes(identity.version)},
          {"commit", json_bytes(identity.commit)},
          {"build", json_bytes(identity.build)},
          {"isa", json_bytes(identity.isa)},
          {"libm", json_bytes(identity.libm)},
          {"profile", json_bytes(identity.profile)},
          {"activations", json_bytes(identity.activations)},
          {"activation_function", json_bytes(identity.activation_function)},
          {"api", json_bytes(identity.api)},
          {"faults", list(identity.faults)}};
}

Json settings_of(const EngineSettings& settings) {
  return {{"model_path", json_bytes(settings.model_path)},
          {"tokenizer_path", json_bytes(settings.tokenizer_path)},
          {"model_description", json_bytes(settings.model_description)},
          {"n_vocab", settings.n_vocab},
          {"n_ctx", settings.n_ctx},
          {"n_ctx_train", settings.n_ctx_train},
          {"n_ctx_learned", settings.n_ctx_learned},
          {"n_batch", settings.n_batch},
          {"n_ubatch", settings.n_ubatch},
          {"threads", settings.threads},
          {"all_logits", settings.all_logits},
          {"kv_type_k", json_bytes(settings.kv_type_k)},
          {"kv_type_v", json_bytes(settings.kv_type_v)},
          {"flash_attention", json_bytes(settings.flash_attention)},
          {"weight_layout", json_bytes(settings.weight_layout)},
          {"weight_buffers", list(settings.weight_buffers)},
          {"rope", json_bytes(settings.rope)},
          {"norm_eps", json_number(settings.norm_eps)},
          {"i2s_layout", json_bytes(settings.i2s_layout)},
          {"i2s_layout_why", json_bytes(settings.i2s_layout_why)},
          {"context_class", json_bytes(settings.context_class)},
          {"device", json_bytes(settings.device)},
          {"add_bos", settings.add_bos},
          {"add_eos", settings.add_eos},
          {"environment", list(settings.environment)},
          {"not_invariant_to", list(settings.not_invariant_to)}};
}

}  // namespace

Json json_engine(const EngineInfo& info) {
  const Capabilities& can = info.capabilities;
  return {{"identity", identity_of(info.identity)},
          {"settings", settings_of(info.settings)},
          {"capabilities",
           {{"tokenize", can.tokenize},
            {"all_logits", can.all_logits},
            {"decode", can.decode},
            {"trace", can.trace},
            {"state", can.state}}}};
}

}  // namespace crossval
