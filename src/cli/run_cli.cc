#include "cli/run_cli.h"

#include <string>
#include <string_view>
#include <vector>

#include "base/shell_quote.h"
#include "cli/command_line.h"

namespace crossval {
namespace {

// A command line that cannot be parsed must still be answered in the format that it asks for.
OutputFormat format_of(int argc, const char* const* argv) {
  for (int i = 1; i < argc; ++i) {
    const std::string_view word = argv[i];
    if (word == "--format=json") return OutputFormat::json;
    if (word == "--format" && i + 1 < argc && std::string_view(argv[i + 1]) == "json") {
      return OutputFormat::json;
    }
  }
  return OutputFormat::text;
}

std::string command_text(int argc, const char* const* argv) {
  std::string text = "crossval";
  for (int i = 1; i < argc; ++i) text += " " + shell_word(argv[i]);
  return text;
}

Result<ExitCode> parse_and_run(int argc, const char* const* argv, Console& console) {
  CommandLine line(console);
  const auto text = line.parse({argv + 1, argv + argc});
  if (!text) {
    console.format = format_of(argc, argv);
    return tl::unexpected(text.error());
  }
  if (*text) {
    write_output(console, **text);
    return ExitCode::ok;
  }
  Command* command = line.chosen();
  if (command == nullptr) return fail(ExitCode::internal, "no command was chosen");
  if (console.format == OutputFormat::json && !command->writes_json()) {
    return fail(ExitCode::usage, "this command has no JSON document", "option --format",
                "Leave out --format.");
  }
  return command->run(console);
}

}  // namespace

int run_cli(int argc, const char* const* argv, Console console) noexcept {
  Result<ExitCode> result = ExitCode::internal;
  try {
    console.command = command_text(argc, argv);
    result = parse_and_run(argc, argv, console);
  } catch (const std::exception& error) {
    result = fail(ExitCode::internal, std::string("unexpected: ") + error.what(), {},
                  "This is a bug in crossval; please report it with the command line.");
  }
  try {
    if (!result) print_error(console, result.error());
    if (const auto flushed = flush_output(console); !flushed) {
      const bool said = !result && result.error().code == ExitCode::cannot_write &&
                        console.format == OutputFormat::text;
      console.format = OutputFormat::text;  // out is lost: say it on err
      if (!said) print_error(console, flushed.error());
      return static_cast<int>(flushed.error().code);
    }
    return static_cast<int>(result ? *result : result.error().code);
  } catch (const std::exception&) {
    return static_cast<int>(ExitCode::internal);
  }
}

}  // namespace crossval
