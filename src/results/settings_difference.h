// One setting of the two engines beside each other (gate/settings).
#pragma once

#include <string>

namespace crossval {

/// What a difference means for the comparison.
enum class SettingWeight {
  recorded,  // changes no number
  warned,    // this engine is known not to be invariant to it
  asked,     // changes the numbers, and the command line asked for it
  refused,   // changes the numbers, and nobody asked for it: exit 6
};

struct SettingDifference {
  std::string name;       // stable: "kv-type", "flash-attention", "threads", "model", …
  std::string candidate;  // value read back from the engine
  std::string reference;
  SettingWeight weight = SettingWeight::recorded;
  std::string effect;  // what it does to the numbers, one phrase
};

}  // namespace crossval
