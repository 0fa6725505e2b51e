// oracle and oracle:declared: a graph in double precision, in this process.
#include "launch/kinds/kinds.h"
#include "launch/kinds/local_run.h"
#include "launch/paths.h"
#include "oracle/engine.h"

namespace crossval {
namespace {

constexpr std::string_view kKeys[] = {"model", "threads",   "batch",
                                      "fault", "tokenizer", "i2s-layout"};
constexpr std::string_view kDeclaredKeys[] = {"model", "threads",   "batch",     "kv",
                                              "fault", "tokenizer", "i2s-layout"};
// It rounds nothing, or what the formats declare: who asks for it asks for that.
constexpr std::string_view kChanges[] = {"kv-type"};

Result<std::unique_ptr<Engine>> make_rounding(const EngineSpec& spec,
                                              const EngineDefaults& defaults, const Launch& launch,
                                              const Rounding& rounding) {
  const auto run = local_run(spec, defaults, launch);
  if (!run) return tl::unexpected(run.error());
  return make_oracle_engine({.model_path = model_path(spec, defaults),
                             .files = launch.files,
                             .tokenizer_path = tokenizer_path(spec),
                             .rounding = rounding,
                             .threads = run->threads,
                             .n_ctx = run->n_ctx,
                             .n_batch = run->n_batch,
                             .i2s_layout = run->i2s_layout,
                             .faults = run->faults,
                             .stop = launch.stop});
}

Result<std::unique_ptr<Engine>> make(const EngineSpec& spec, const EngineDefaults& defaults,
                                     const Launch& launch) {
  if (needs_vocabulary_alone(spec, defaults)) {
    return local_vocabulary(spec, defaults, launch);
  }
  return make_rounding(spec, defaults, launch, {});
}

Result<std::unique_ptr<Engine>> make_declared(const EngineSpec& spec,
                                              const EngineDefaults& defaults,
                                              const Launch& launch) {
  if (needs_vocabulary_alone(spec, defaults)) {
    return local_vocabulary(spec, defaults, launch);
  }
  const auto f16 = keeps_f16(spec, defaults);
  if (!f16) return tl::unexpected(f16.error());
  Rounding rounding = kDeclared;
  if (!*f16) rounding.attention = AttentionRounding::none;
  return make_rounding(spec, defaults, launch, rounding);
}

}  // namespace

constinit const EngineKind kOracle = {
    .name = "oracle", .keys = kKeys, .changes = kChanges, .make = make};
constinit const EngineKind kOracleDeclared = {
    .name = "oracle:declared", .keys = kDeclaredKeys, .changes = kChanges, .make = make_declared};

}  // namespace crossval
