#include "launch/kinds/local_run.h"

#include <fmt/format.h>

#include "launch/context_size.h"
#include "launch/kinds/kv_type.h"
#include "launch/kinds/number_key.h"
#include "launch/paths.h"
#include "local/vocabulary_engine.h"

namespace crossval {
namespace {

Result<std::optional<I2sLayout>> layout_of(const EngineSpec& spec, const EngineDefaults& defaults) {
  const std::string text = spec.get("i2s-layout", defaults.i2s_layout);
  const auto layout = find_i2s_layout(text);
  if (layout || text == "auto") return layout;
  return fail(ExitCode::usage, "i2s-layout=" + text + " is none of auto, x86, arm, x86-rows",
              "engine " + spec.name);
}

std::vector<std::string> split_faults(std::string_view text) {
  std::vector<std::string> names;
  while (!text.empty()) {
    const size_t plus = text.find('+');
    names.emplace_back(text.substr(0, plus));
    text.remove_prefix(plus == std::string_view::npos ? text.size() : plus + 1);
  }
  return names;
}

}  // namespace

Result<LocalRun> local_run(const EngineSpec& spec, const EngineDefaults& defaults,
                           const Launch& launch) {
  const auto threads = number_key(spec, "threads", defaults.threads, kMostThreads);
  if (!threads) return tl::unexpected(threads.error());
  const auto batch =
      number_key(spec, "batch", static_cast<int>(defaults.batch.value_or(512)), kMostPositions);
  if (!batch) return tl::unexpected(batch.error());
  const auto i2s_layout = layout_of(spec, defaults);
  if (!i2s_layout) return tl::unexpected(i2s_layout.error());
  const auto context = context_size(defaults.context, {model_path(spec, defaults)}, launch.files);
  if (!context) return tl::unexpected(context.error());
  return LocalRun{*threads, *batch, *i2s_layout, *context, split_faults(spec.get("fault"))};
}

bool needs_vocabulary_alone(const EngineSpec& spec, const EngineDefaults& defaults) {
  return defaults.tokens_only && !spec.options.contains("fault");
}

Result<std::unique_ptr<Engine>> local_vocabulary(const EngineSpec& spec,
                                                 const EngineDefaults& defaults,
                                                 const Launch& launch) {
  const auto file = launch.files.open(model_path(spec, defaults));
  if (!file) return tl::unexpected(file.error());
  return make_local_vocabulary(*file, tokenizer_path(spec));
}

Result<bool> keeps_f16(const EngineSpec& spec, const EngineDefaults& defaults) {
  const std::string kv = kv_type(spec, defaults);
  if (kv == "f16" || kv == "f32") return kv == "f16";
  return fail(ExitCode::usage,
              fmt::format("kv={}: {} keeps keys and values in f16 or f32", kv, spec.name),
              "engine " + spec.name,
              "Give another type to llama.cpp alone: --reference llama.cpp:kv=" + kv + ".");
}

}  // namespace crossval
