// What text files bring along that nobody sees: byte order marks, UTF-16, carriage returns.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "prompt/prompt.h"

namespace crossval {

/// Refuses text in UTF-16 or UTF-32, known by its byte order mark or by a zero in every other byte
/// (bad_input_file). `where` names the file.
Result<void> refuse_wide_text(std::string_view bytes, const std::string& where);

/// byte-order-mark, crlf.
std::vector<PromptWarning> warn_about_unseen(std::string_view text);

}  // namespace crossval
