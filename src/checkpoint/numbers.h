// What config.json says, as the metadata keys of a GGUF file.
#pragma once

#include <string>
#include <vector>

#include "checkpoint/architecture.h"
#include "checkpoint/config.h"
#include "checkpoint/key_list.h"
#include "checkpoint/transform.h"

namespace crossval {

/// What a checkpoint says and its GGUF cannot, a sentence each.
struct Losses {
  std::vector<std::string> lost;          // all of them
  std::vector<std::string> not_computed;  // those that our engines cannot compute with either

  void add(const std::string& sentence, bool computed) {
    lost.push_back(sentence);
    if (!computed) not_computed.push_back(sentence);
  }
};

/// Keys under the architecture's name. Errors are the config's.
void add_numbers(const JsonFile& config, const CheckpointArchitecture& architecture, KeyList& keys,
                 Losses& losses);

HeadSizes head_sizes(const JsonFile& config);

}  // namespace crossval
