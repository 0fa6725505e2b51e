// What the model files of the two sides are to each other, as far as the settings gate and reports
// need it. Plain data: inspect/difference/difference.h finds out.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace crossval {

/// One file of a model.
struct ModelPart {
  std::string path;
  uint64_t bytes = 0;
  std::string sha256;  // empty where the answer was known without it
};

/// Something that a model file says, or leaves to a default, and that changes what is computed.
struct ModelFact {
  std::string name;    // stable: "window", "heads"
  std::string value;   // in words, defaults spelled out
  std::string effect;  // what a difference does, one phrase
};

/// The same fact of two files; a fact that one of them has no use for is "none" there.
struct ModelFactPair {
  std::string name;
  std::string a, b;
  std::string effect;
};

/// Whether both sides have the same model, by its bytes and not by its name.
struct ModelFiles {
  bool same = false;
  std::string how;  // how that is known, in words
  std::vector<ModelPart> candidate, reference;

  // Where they are not the same:
  bool other_numbers = true;           // something differs that changes numbers, or may do so
  std::string effect{};                // what the difference is, one phrase
  std::vector<ModelFactPair> facts{};  // all; a is the candidate's. Empty where they are not known
};

}  // namespace crossval
