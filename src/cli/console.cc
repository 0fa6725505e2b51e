#include "cli/console.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <string>

#include "report/json/error.h"
#include "report/text/printable.h"

namespace crossval {
namespace {

// Line by line: an engine's last words are lines.
std::string printable_lines(std::string_view text) {
  std::string all;
  while (true) {
    const std::string_view line = text.substr(0, text.find('\n'));
    all += printable(line);
    if (line.size() == text.size()) return all;
    all += '\n';
    text.remove_prefix(line.size() + 1);
  }
}

constexpr int kMinWidth = 80;
constexpr int kMaxWidth = 120;

}  // namespace

Console standard_console() {
  Console console;
  const char* no_color = std::getenv("NO_COLOR");
  console.color = isatty(STDOUT_FILENO) == 1 && (no_color == nullptr || no_color[0] == '\0');
  console.live = isatty(STDERR_FILENO) == 1;
  return console;
}

int terminal_width(const Console& console) {
  winsize size = {};
  if (ioctl(fileno(console.out), TIOCGWINSZ, &size) != 0) return kMinWidth;
  return std::clamp(static_cast<int>(size.ws_col), kMinWidth, kMaxWidth);
}

TextOptions text_options(const Console& console) {
  return {.layout = {.color = console.color, .width = terminal_width(console)},
          .verbose = console.verbose};
}

bool err_follows_out(const Console& console) {
  if (isatty(fileno(console.out)) == 1) return true;
  struct stat out{};
  struct stat err{};
  return fstat(fileno(console.out), &out) == 0 && fstat(fileno(console.err), &err) == 0 &&
         out.st_dev == err.st_dev && out.st_ino == err.st_ino;
}

void write_output(const Console& console, std::string_view text) {
  std::fwrite(text.data(), 1, text.size(), console.out);
}

void print_error(Console& console, const Error& error) {
  const std::string text = console.format == OutputFormat::json
                               ? json_error(error)
                               : "crossval: " + printable_lines(error.message()) + "\n";
  std::FILE* to = console.format == OutputFormat::json ? console.out : console.err;
  std::fwrite(text.data(), 1, text.size(), to);
}

void print_warnings(const Console& console, const std::vector<Warning>& warnings) {
  if (console.format == OutputFormat::json || console.quiet) return;
  for (const Warning& warning : warnings) {
    fmt::print(console.err, "crossval: warning: {} ({})\n", printable(warning.message),
               printable(warning.name));
  }
}

Result<void> flush_output(const Console& console) {
  errno = 0;
  const bool flushed = std::fflush(console.out) == 0;
  if (flushed && std::ferror(console.out) == 0) return {};
  return fail(ExitCode::cannot_write,
              "the result cannot be written: " +
                  std::string(errno != 0 ? std::strerror(errno) : "an earlier write failed"),
              "standard output", "Is the disk full, or did the reading program end early?");
}

}  // namespace crossval
