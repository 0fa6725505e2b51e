#include "cli/command_line.h"

#include <string>

#include "cli/help_formatter.h"
#include "cli/version_command.h"

namespace crossval {

CommandLine::CommandLine(Console& console)
    : root_(
          "Finds the first token at which two LLM inference engines disagree, and the operation "
          "that caused it.",
          "crossval") {
  root_.formatter(std::make_shared<HelpFormatter>());  // commands inherit it
  root_.set_version_flag("--version", version_line());
  root_.require_subcommand(1);
  for (const CommandEntry& entry : commands()) {
    CLI::App& app = *root_.add_subcommand(entry.name, entry.summary);
    commands_.push_back(entry.make());
    commands_.back()->add_options(app);
    const auto set_format = [&console](const std::string& name) {
      console.format = name == "json" ? OutputFormat::json : OutputFormat::text;
    };
    app.add_option_function<std::string>("--format", set_format, "text (default) or json")
        ->check(CLI::IsMember({"text", "json"}))
        ->type_name("FORM");
    app.add_flag("-q,--quiet", console.quiet, "no progress, no warnings on stderr");
    app.add_flag("-v,--verbose", console.verbose, "show decisions and details");
  }
}

Command* CommandLine::chosen() const {
  const auto apps = root_.get_subcommands(nullptr);  // all, parsed or not
  for (size_t i = 0; i < commands_.size(); ++i) {
    if (apps[i]->parsed()) return commands_[i].get();
  }
  return nullptr;
}

}  // namespace crossval
