// Where a command writes and how much it says. stdout carries the result only; progress and
// messages go to stderr.
#pragma once

#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "report/text/comparison.h"
#include "results/comparison.h"

namespace crossval {

enum class OutputFormat { text, json };

struct Console {
  std::FILE* out = stdout;
  std::FILE* err = stderr;
  OutputFormat format = OutputFormat::text;
  bool quiet = false;     // -q: no progress, no warnings on stderr
  bool verbose = false;   // -v: decisions and details
  bool color = false;     // out is a terminal and NO_COLOR is not set
  std::string command{};  // as it was typed, for a shell
  bool live = false;      // err is a terminal: progress may redraw its line
};

/// stdout and stderr, with color and live as the terminal and the environment allow.
Console standard_console();

/// Columns for a report on out: the terminal's, within reason; 80 where there is none.
int terminal_width(const Console& console);

/// How a report on out is laid out.
TextOptions text_options(const Console& console);

/// Whether err is read behind out: both are one file or pipe, or out is a terminal, where the next
/// prompt follows. What is written there then begins on a line of its own.
bool err_follows_out(const Console& console);

/// Writes to out. What cannot be written is found by flush_output.
void write_output(const Console& console, std::string_view text);

/// Tells the user about an error: as one JSON document on out in JSON mode, else as text on err.
void print_error(Console& console, const Error& error);

/// On err, one line each; in JSON mode they are part of the document, with -q nobody wants them.
void print_warnings(const Console& console, const std::vector<Warning>& warnings);

/// ok once everything written to out has reached it; an Error (cannot_write) otherwise.
Result<void> flush_output(const Console& console);

}  // namespace crossval
