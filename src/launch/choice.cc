#include "launch/choice.h"

#include <map>
#include <set>

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
  if (spec->get("model", defaults.model).empty()) {
    return fail(
        ExitCode::usage, "no model given", "engine " + spec->name,
        "Give one with -m FILE.gguf, or to this engine alone: " + spec->name + ":model=FILE.gguf.");
  }
  return spec;
}

}  // namespace

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
    for (const auto& [key, settings] : changed_settings()) {
      if (spec->options.contains(key)) asked.insert(settings.begin(), settings.end());
    }
    const auto changes = find_engine_kind(spec->name)->changes;
    asked.insert(changes.begin(), changes.end());
  }
  return EnginePairSpecs{*candidate, *reference, {asked.begin(), asked.end()}};
}

}  // namespace crossval
