#include "cli/engine_options.h"

#include <map>
#include <set>

#include "cli/app_options.h"
#include "cli/checks.h"
#include "cli/engine_factory.h"

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

constexpr const char* kGroup = "Engines";

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

void add_engine_options(AppOptions& app, EngineOptions& options) {
  const auto add = [&](const char* names, auto& value, const char* help, const char* type) {
    app.add_option(names, value, help)->group(kGroup)->type_name(type);
  };
  add("-m,--model", options.defaults.model, "the model of both engines", "FILE.gguf");
  add_side_options(app, options);
  add("--tokenizer", options.tokenizer, "the candidate's tokenizer, instead of the model file's",
      "FILE");
  add_running_options(app, options.defaults);
  app.footer(engine_help());
}

void add_side_options(AppOptions& app, EngineOptions& options) {
  const auto add = [&](const char* names, auto& value, const char* help) {
    app.add_option(names, value, help)->group(kGroup)->type_name("ENGINE");
  };
  add("--candidate", options.candidate,
      "native (default), llama.cpp, oracle or oracle:declared, with keys or without");
  add("--reference", options.reference, "likewise; llama.cpp by default");
}

void add_single_engine_options(AppOptions& app, SingleEngineOptions& options) {
  const auto add = [&](const char* names, auto& value, const char* help, const char* type) {
    app.add_option(names, value, help)->group(kGroup)->type_name(type);
  };
  add("-m,--model", options.defaults.model, "the model", "FILE.gguf");
  add("--engine", options.engine,
      "native (default), llama.cpp, oracle or oracle:declared, with keys or without", "ENGINE");
  add("--tokenizer", options.tokenizer, "a tokenizer file instead of the model's, for native",
      "FILE");
  app.footer(engine_help());
}

void add_running_options(AppOptions& app, EngineDefaults& defaults) {
  const auto add = [&](const char* names, auto& value, const char* help, const char* type) {
    return app.add_option(names, value, help)->group(kGroup)->type_name(type);
  };
  add("--kv", defaults.kv, "type of keys and values: f16 (default), f32; in llama.cpp also others",
      "TYPE")
      ->check(one_of({"f16", "f32", "bf16", "q8_0", "q5_1", "q5_0", "q4_1", "q4_0", "iq4_nl"}));
  add("--i2s-layout", defaults.i2s_layout,
      "of I2_S weights in native: auto (default), x86, arm, x86-rows", "LAYOUT")
      ->check(one_of({"auto", "x86", "arm", "x86-rows"}));
  add("-t,--threads", defaults.threads, "of each engine (default 1)", "N")
      ->check(whole_number(1, 1024));
  add("-c,--ctx-size", defaults.context,
      "positions that fit (default 2048, or fewer where the model has learned fewer)", "N")
      ->check(whole_number(1, int64_t{1} << 30));
  add("-b,--batch-size", defaults.batch,
      "positions evaluated at once (default 512, of a llama.cpp build its own)", "N")
      ->check(whole_number(1, 1 << 20));
  add("--engine-timeout", defaults.timeout_seconds,
      "longest silence of an engine that is another program (default 120)", "SECONDS")
      ->check(number(0.1, 1e6));
}

Result<EngineSpec> single_engine(const SingleEngineOptions& options) {
  return engine_spec(options.engine, options.defaults, options.tokenizer);
}

Result<EnginePairSpecs> engine_pair(const EngineOptions& options) {
  auto candidate = engine_spec(options.candidate, options.defaults, options.tokenizer);
  if (!candidate) return tl::unexpected(candidate.error());
  auto reference = engine_spec(options.reference, options.defaults, {});
  if (!reference) return tl::unexpected(reference.error());
  std::set<std::string> asked;
  for (const EngineSpec* spec : {&*candidate, &*reference}) {
    for (const auto& [key, settings] : changed_settings()) {
      if (spec->options.contains(key)) asked.insert(settings.begin(), settings.end());
    }
    // It rounds nothing, or what the formats declare: who asks for it asks for that.
    if (spec->name.starts_with("oracle")) asked.insert("kv-type");
  }
  return EnginePairSpecs{*candidate, *reference, {asked.begin(), asked.end()}};
}

}  // namespace crossval
