// Every member of an EngineInfo by its name, once. What writes it (report), reads it (process),
// compares it (gate) and describes it (docs/result.schema.json, docs/protocol.md, by tests) walks
// over these lists.
#pragma once

#include <cstdint>
#include <tuple>

#include "engine/info.h"

namespace crossval {

/// What it means to the settings gate when two engines differ in it.
enum class GateUse : uint8_t {
  nothing,     // it says who computes, or what another field says more exactly
  prevents,    // no comparison is possible
  decides,     // changes the numbers
  warns,       // changes the numbers, and to find that out is what a run is for
  harmless,    // must change no number; an engine may say that it does (not_invariant_to)
  provenance,  // what computed it, and from what code
};

template <class Struct, class Value>
struct InfoField {
  const char* name;  // in JSON
  Value Struct::* member;
  GateUse gate = GateUse::nothing;
};

inline constexpr std::tuple kIdentityFields{
    InfoField{"name", &EngineIdentity::name},
    InfoField{"version", &EngineIdentity::version},
    InfoField{"commit", &EngineIdentity::commit},
    InfoField{"build", &EngineIdentity::build, GateUse::provenance},
    InfoField{"isa", &EngineIdentity::isa, GateUse::provenance},
    InfoField{"libm", &EngineIdentity::libm, GateUse::provenance},
    InfoField{"profile", &EngineIdentity::profile},
    InfoField{"activations", &EngineIdentity::activations},
    InfoField{"activation_function", &EngineIdentity::activation_function, GateUse::warns},
    InfoField{"api", &EngineIdentity::api},
    InfoField{"faults", &EngineIdentity::faults},
};

inline constexpr std::tuple kSettingsFields{
    InfoField{"model_path", &EngineSettings::model_path},  // the gate asks for the files themselves
    InfoField{"model_sha256", &EngineSettings::model_sha256},
    InfoField{"tokenizer_path", &EngineSettings::tokenizer_path},
    InfoField{"model_description", &EngineSettings::model_description},
    InfoField{"n_vocab", &EngineSettings::n_vocab, GateUse::prevents},
    InfoField{"n_ctx", &EngineSettings::n_ctx, GateUse::harmless},
    InfoField{"n_ctx_train", &EngineSettings::n_ctx_train, GateUse::harmless},
    InfoField{"n_ctx_learned", &EngineSettings::n_ctx_learned},
    InfoField{"n_batch", &EngineSettings::n_batch, GateUse::harmless},
    InfoField{"n_ubatch", &EngineSettings::n_ubatch, GateUse::harmless},
    InfoField{"threads", &EngineSettings::threads, GateUse::harmless},
    InfoField{"all_logits", &EngineSettings::all_logits, GateUse::prevents},
    InfoField{"rows", &EngineSettings::rows},  // the session compares what both have
    InfoField{"kv_type_k", &EngineSettings::kv_type_k, GateUse::decides},
    InfoField{"kv_type_v", &EngineSettings::kv_type_v, GateUse::decides},
    InfoField{"flash_attention", &EngineSettings::flash_attention, GateUse::decides},
    InfoField{"weight_layout", &EngineSettings::weight_layout, GateUse::decides},
    InfoField{"weight_buffers", &EngineSettings::weight_buffers},
    InfoField{"rope", &EngineSettings::rope, GateUse::decides},
    InfoField{"norm_eps", &EngineSettings::norm_eps, GateUse::decides},
    InfoField{"i2s_layout", &EngineSettings::i2s_layout, GateUse::decides},
    InfoField{"i2s_layout_why", &EngineSettings::i2s_layout_why},
    InfoField{"context_class", &EngineSettings::context_class, GateUse::decides},
    InfoField{"device", &EngineSettings::device, GateUse::warns},
    InfoField{"add_bos", &EngineSettings::add_bos},  // the token gate sees what comes of it
    InfoField{"add_eos", &EngineSettings::add_eos},
    InfoField{"environment", &EngineSettings::environment},
    InfoField{"not_invariant_to", &EngineSettings::not_invariant_to},
};

inline constexpr std::tuple kCapabilityFields{
    InfoField{"tokenize", &Capabilities::tokenize},
    InfoField{"all_logits", &Capabilities::all_logits},
    InfoField{"decode", &Capabilities::decode},
    InfoField{"trace", &Capabilities::trace},
    InfoField{"state", &Capabilities::state},
};

/// Calls `visit` with each field of a list, in order.
template <class Fields, class Visit>
void for_each_field(const Fields& fields, Visit&& visit) {
  std::apply([&](const auto&... field) { (visit(field), ...); }, fields);
}

}  // namespace crossval
