#include "launch/choice.h"

#include <algorithm>
#include <map>
#include <set>

#include "engine/server_spec.h"
#include "launch/engine_factory.h"
#include "launch/kinds/kinds.h"

namespace crossval {
namespace {

// What the keys of an engine change, in the names of gate/settings.h. Another model file brings its
// own RoPE and epsilon; another profile or build its own attention.
const std::map<std::string, std::vector<std::string>>& changed_settings() {
  static const std::map<std::string, std::vector<std::string>> kChanged{
      {"model", {"model", "rope", "norm-eps", "context-class"}},
      {"kv", {"kv-type"}},
      {"dtype", {"kv-type"}},
      {"attn", {"flash-attention"}},
      {"kv-k", {"kv-type"}},
      {"kv-v", {"kv-type"}},
      {"fa", {"flash-attention"}},
      {"repack", {"weight-layout"}},
      {"device", {"device"}},
      {"ngl", {"device"}},
      {"i2s-layout", {"i2s-layout"}},
      {"fault", {"rope", "norm-eps"}},
      {"profile", {"flash-attention", "weight-layout"}},
      {"build", {"flash-attention", "weight-layout", "device"}},
      {"worker", {"flash-attention", "weight-layout", "device"}},
  };
  return kChanged;
}

// An engine as it is written, with a tokenizer file of its own when one is given.
Result<EngineSpec> engine_spec(const std::string& text, const EngineDefaults& defaults,
                               const std::string& tokenizer) {
  auto spec = read_engine_spec(text);
  if (!spec) return spec;
  if (!tokenizer.empty()) spec->options.emplace("tokenizer", tokenizer);
  if (auto known = check_engine_spec(*spec); !known) return tl::unexpected(known.error());
  if (!find_engine_kind(spec->name)->reads_model) return spec;
  if (spec->get("model", defaults.model).empty()) {
    return fail(
        ExitCode::usage, "no model given", "engine " + spec->name,
        "Give one with -m FILE.gguf, or to this engine alone: " + spec->name + ":model=FILE.gguf.");
  }
  return spec;
}

// Beside an engine that keeps floats, where nobody says what the other one is to keep.
void keep_floats_too(EngineSpec& spec, const EngineSpec& beside, const EngineDefaults& defaults) {
  const auto keys = find_engine_kind(spec.name)->keys;
  if (!defaults.kv.empty() || !find_engine_kind(beside.name)->keeps_floats) return;
  if (std::ranges::find(keys, "kv") != keys.end()) spec.options.emplace("kv", "f32");
}

}  // namespace

std::vector<std::string> asked_differences(const EngineSpec& spec) {
  std::set<std::string> asked;
  for (const auto& [key, settings] : changed_settings()) {
    if (spec.options.contains(key)) asked.insert(settings.begin(), settings.end());
  }
  const auto changes = find_engine_kind(spec.name)->changes;
  asked.insert(changes.begin(), changes.end());
  return {asked.begin(), asked.end()};
}

Result<EngineSpec> single_engine(const EngineChoice& choice) {
  return engine_spec(choice.engine, choice.defaults, choice.tokenizer);
}

Result<EnginePairSpecs> engine_pair(const PairChoice& choice) {
  auto candidate = engine_spec(choice.candidate, choice.defaults, choice.tokenizer);
  if (!candidate) return tl::unexpected(candidate.error());
  auto reference = engine_spec(choice.reference, choice.defaults, {});
  if (!reference) return tl::unexpected(reference.error());
  std::set<std::string> asked;
  for (const EngineSpec* spec : {&*candidate, &*reference}) {
    const auto differences = asked_differences(*spec);
    asked.insert(differences.begin(), differences.end());
  }
  // One that needs none has the other's, which the prompt is read for.
  const auto lend = [&](const EngineSpec& from, EngineSpec& to) {
    const std::string model = from.get("model", choice.defaults.model);
    if (!find_engine_kind(to.name)->reads_model && !model.empty())
      to.options.emplace("model", model);
  };
  lend(*reference, *candidate);
  lend(*candidate, *reference);
  const bool two_servers = candidate->name == kHttp && reference->name == kHttp;
  if (candidate->get("model", choice.defaults.model).empty() && !two_servers) {
    return fail(ExitCode::usage, "no model given", {},
                "Two recordings are compared by crossval compare A B; a prompt needs a model: "
                "-m FILE.gguf.");
  }
  keep_floats_too(*candidate, *reference, choice.defaults);
  keep_floats_too(*reference, *candidate, choice.defaults);
  return EnginePairSpecs{*candidate, *reference, {asked.begin(), asked.end()}};
}

}  // namespace crossval
