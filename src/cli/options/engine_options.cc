#include "cli/options/engine_options.h"

#include "cli/options/app_options.h"
#include "cli/options/checks.h"
#include "launch/engine_factory.h"

namespace crossval {
namespace {

constexpr const char* kGroup = "Engines";

}  // namespace

void add_engine_options(AppOptions& app, PairChoice& choice) {
  const auto add = [&](const char* names, auto& value, const char* help, const char* type) {
    app.add_option(names, value, help)->group(kGroup)->type_name(type);
  };
  add("-m,--model", choice.defaults.model, "the model of both engines", "FILE.gguf");
  add_side_options(app, choice);
  add("--tokenizer", choice.tokenizer, "the candidate's tokenizer, instead of the model file's",
      "FILE");
  add_running_options(app, choice.defaults);
  app.footer(engine_help());
}

void add_side_options(AppOptions& app, PairChoice& choice) {
  const auto add = [&](const char* names, auto& value, const char* help) {
    app.add_option(names, value, help)->group(kGroup)->type_name("ENGINE");
  };
  add("--candidate", choice.candidate,
      "native (default), llama.cpp, oracle, oracle:declared, hf:DIR, exec:COMMAND or "
      "http://HOST:PORT, with keys or without");
  add("--reference", choice.reference, "likewise; llama.cpp by default");
}

void add_single_engine_options(AppOptions& app, EngineChoice& choice) {
  const auto add = [&](const char* names, auto& value, const char* help, const char* type) {
    app.add_option(names, value, help)->group(kGroup)->type_name(type);
  };
  add("-m,--model", choice.defaults.model, "the model", "FILE.gguf");
  add("--engine", choice.engine,
      "native (default), llama.cpp, oracle, oracle:declared, hf:DIR, exec:COMMAND or "
      "http://HOST:PORT, with keys or without",
      "ENGINE");
  add("--tokenizer", choice.tokenizer, "a tokenizer file instead of the model's, for native",
      "FILE");
  app.footer(engine_help());
}

void add_running_options(AppOptions& app, EngineDefaults& defaults) {
  const auto add = [&](const char* names, auto& value, const char* help, const char* type) {
    return app.add_option(names, value, help)->group(kGroup)->type_name(type);
  };
  add("--kv", defaults.kv,
      "type of keys and values: f16 (default; f32 beside hf), f32; in llama.cpp also others",
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

}  // namespace crossval
