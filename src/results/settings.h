// What two engines ran with, as far as it differs.
#pragma once

#include <string>

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

}  // namespace crossval
