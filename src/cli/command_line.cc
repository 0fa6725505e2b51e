#include "cli/command_line.h"

#include <string>

#include "cli/checks.h"
#include "cli/help_formatter.h"
#include "cli/version_command.h"

namespace crossval {
namespace {

constexpr const char* kGeneral = "General";

}  // namespace

CommandLine::CommandLine(Console& console)
    : root_(
          "Finds the first token at which two LLM inference engines disagree, and the operation "
          "that caused it.",
          "crossval") {
  root_.formatter(std::make_shared<HelpFormatter>());  // commands inherit it
  root_.set_help_flag("-h,--help", "show this");
  root_.set_version_flag("--version", version_line(), "version, commit, compiler, C library");
  root_.require_subcommand(1);
  for (const CommandEntry& entry : commands()) {
    CLI::App& app = *root_.add_subcommand(entry.name, entry.summary);
    commands_.push_back(entry.make());
    commands_.back()->add_options(app);
    app.group("Commands");
    app.set_help_flag();  // taken away and added again: behind the command's own options
    const auto set_format = [&console](const std::string& name) {
      console.format = name == "json" ? OutputFormat::json : OutputFormat::text;
    };
    app.add_option_function<std::string>("--format", set_format, "text (default) or json")
        ->check(one_of({"text", "json"}))
        ->type_name("FORM")
        ->group(kGeneral);
    app.add_flag("-q,--quiet", console.quiet, "no progress, no warnings on stderr")
        ->group(kGeneral);
    app.add_flag("-v,--verbose", console.verbose, "show decisions and details")->group(kGeneral);
    app.set_help_flag("-h,--help", "show this")->group(kGeneral);
  }
  // Last: commands would inherit it.
  root_.footer(
      "crossval COMMAND --help shows a command's options, crossval man all of them; crossval "
      "doctor says what works on this machine.");
}

Command* CommandLine::chosen() const {
  const auto apps = root_.get_subcommands(nullptr);  // all, parsed or not
  for (size_t i = 0; i < commands_.size(); ++i) {
    if (apps[i]->parsed()) return commands_[i].get();
  }
  return nullptr;
}

}  // namespace crossval
