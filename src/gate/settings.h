// The settings gate: do both engines run with settings under which equal numbers can be expected?
//
// It reads what the engines report about themselves, never what was asked for; of two model files
// also what they say.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/info.h"
#include "gate/model_files.h"

namespace crossval {

/// What a difference means for the comparison.
enum class SettingWeight {
  recorded,  // changes no number, or one engine does not state it
  warned,    // one of the engines is known not to be invariant to it
  asked,     // changes the numbers, and the command line asked for it
  refused,   // changes the numbers, and nobody asked for it: exit 6
};

struct SettingDifference {
  std::string name;       // stable: "kv-type", "flash-attention", "threads", "model", …
  std::string candidate;  // value read back from the engine; "not stated" when it gives none
  std::string reference;
  SettingWeight weight = SettingWeight::recorded;
  std::string effect;  // what it does to the numbers, one phrase
};

/// A setting that both engines have.
struct EqualSetting {
  std::string name;
  std::string value;
};

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
