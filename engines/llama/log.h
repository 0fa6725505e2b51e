// llama.cpp's log: passed on to standard error, where crossval keeps the last lines, and searched
// for what no function of its interface tells.
#pragma once

#include <string>
#include <string_view>

namespace crossval_llama {

/// From now on llama.cpp and ggml log here. Call before anything is loaded.
void capture_log();

/// The value of the last line "…: KEY = VALUE"; empty when there was none.
std::string logged_value(std::string_view key);

/// True when some line holds `text`.
bool was_logged(std::string_view text);

/// What follows `before` up to `after` in the last line that holds both; empty when none does.
std::string logged_between(std::string_view before, std::string_view after);

}  // namespace crossval_llama
