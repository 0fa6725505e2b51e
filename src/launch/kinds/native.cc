// native: our own arithmetic, in this process.
#include "launch/kinds/kinds.h"
#include "launch/kinds/local_run.h"
#include "launch/paths.h"
#include "native/engine.h"

namespace crossval {
namespace {

constexpr std::string_view kKeys[] = {"model", "threads",   "batch",     "kv",
                                      "fault", "tokenizer", "i2s-layout"};

constexpr Instead kInstead[] = {
    {"ubatch", "Native evaluates a batch in one piece: batch= says how large it is."},
    {"kv-k", "Native keeps keys and values in one type: kv=f16 or kv=f32."},
    {"kv-v", "Native keeps keys and values in one type: kv=f16 or kv=f32."},
    {"fa", "Native has no flash attention: it computes attention as canonical llama.cpp does."},
    {"repack", "Native computes with the weights as the file stores them."},
    {"ngl", "Native computes on the CPU."},
    {"device", "Native computes on the CPU."},
    {"profile", "Native has one arithmetic, that of canonical llama.cpp."},
};

Result<std::unique_ptr<Engine>> make(const EngineSpec& spec, const EngineDefaults& defaults,
                                     const Launch& launch) {
  if (needs_vocabulary_alone(spec, defaults)) {
    return local_vocabulary(spec, defaults, launch);
  }
  const auto run = local_run(spec, defaults, launch);
  if (!run) return tl::unexpected(run.error());
  const auto f16 = keeps_f16(spec, defaults);
  if (!f16) return tl::unexpected(f16.error());
  return make_native_engine({.model_path = model_path(spec, defaults),
                             .files = launch.files,
                             .tokenizer_path = tokenizer_path(spec),
                             .kv = *f16 ? KvType::f16 : KvType::f32,
                             .threads = run->threads,
                             .n_ctx = run->n_ctx,
                             .n_batch = run->n_batch,
                             .i2s_layout = run->i2s_layout,
                             .faults = run->faults,
                             .stop = launch.stop});
}

}  // namespace

constinit const EngineKind kNative = {
    .name = "native", .keys = kKeys, .instead = kInstead, .make = make};

}  // namespace crossval
