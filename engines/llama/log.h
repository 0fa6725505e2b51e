// llama.cpp's log: passed on to standard error, where crossval keeps the last lines, and searched
// for what no function of its interface tells. What it warns about is kept for crossval.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace crossval_llama {

/// From now on llama.cpp and ggml log here. Call before anything is loaded.
void capture_log();

/// The value of the last line "…: KEY = VALUE"; empty when there was none.
std::string logged_value(std::string_view key);

/// What follows `before` up to `after` in the last line that holds both; empty when none does.
std::string logged_between(std::string_view before, std::string_view after);

/// The last line that llama.cpp logged as an error; empty when there was none.
std::string last_error();

/// Something that the user should know (docs/protocol.md, "warning").
struct Warning {
  std::string name;
  std::string message;
};

/// One more of them, of the worker's own.
void warn(std::string name, std::string message);

/// Whether llama.cpp's warning about a context beyond training counts: only when one was asked for.
void context_was_asked_for(bool asked);

/// Those since the last call: the worker's own, and each line that llama.cpp logged as a warning or
/// an error, without the function's name, but for what is only a consequence of how the worker runs
/// it (log.cc, kNoise). A line that came before does not come again.
std::vector<Warning> take_warnings();

}  // namespace crossval_llama
