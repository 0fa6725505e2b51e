// What is in a file that is no language model.
#pragma once

#include <string>
#include <vector>

#include "gguf/file.h"
#include "model/other_file.h"
#include "results/inspection.h"

namespace crossval {

/// One sentence part a line, as far as the kind is known.
std::vector<std::string> meaning_of(const GgufFile& file, const OtherFile& other);

/// incomplete-pair: of an adapter's two factors, or of an importance matrix's sums and counts, one
/// is missing or has another shape. With `values` also unseen-tensor: of an importance matrix, a
/// tensor that no token went through.
void find_in_other_file(const GgufFile& file, const OtherFile& other, bool values,
                        std::vector<FileFinding>& findings);

}  // namespace crossval
