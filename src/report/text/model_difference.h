// What two model files differ in, as `inspect` and `per-token` show it.
#pragma once

#include <cstddef>
#include <string>

#include "report/text/layout.h"
#include "results/inspection.h"

namespace crossval {

/// How messages call the two files.
struct SideWords {
  const char* a;
  const char* b;
};

/// How tensors differ, those of one kind and one change as one entry; at most `most` entries, then
/// how many more. Empty when none does.
std::string tensor_changes_text(const FileDifference& difference, SideWords words, size_t most,
                                const Layout& layout);

/// "272 of 273 tensors are equal".
std::string equal_tensors_text(const FileDifference& difference);

/// "a.key, another.key and 2 more differ"; at most `most` names.
std::string differing_keys_text(const FileDifference& difference, size_t most);

}  // namespace crossval
