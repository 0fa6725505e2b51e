// The settings gate: do both engines run with settings under which equal numbers can be expected?
//
// It reads what the engines report about themselves, never what was asked for; of two model files
// also what they say.
#pragma once

#include <string>
#include <vector>

#include "engine/info.h"
#include "results/model_files.h"
#include "results/settings.h"

namespace crossval {

struct ComparedSettings {
  std::vector<SettingDifference> differing;
  std::vector<EqualSetting> equal;
};

/// Every setting that the two engines state, or one of them. The refused ones' names are:
/// vocabulary, all-logits (both whatever was asked; all-logits also when both lack it), model,
/// kv-type, flash-attention, weight-layout, rope, norm-eps, context-class (asked when `asked` holds
/// the name, or when a planted fault explains it: rope and norm-eps). Asked or warned: device,
/// activation. Recorded or warned: threads, batch, micro-batch, context, trained-context. Recorded:
/// isa, build, libm. Where the models are not the
/// same, each fact of theirs (model_facts.h of inspect) stands beside the engines' settings, and
/// has the weight of "model"; rope and norm-eps are left to engines that state them.
ComparedSettings compare_settings(const EngineInfo& candidate, const EngineInfo& reference,
                                  const std::vector<std::string>& asked, const ModelFiles& models);

/// True when some difference closes the gate.
bool is_refused(const std::vector<SettingDifference>& differences);

}  // namespace crossval
