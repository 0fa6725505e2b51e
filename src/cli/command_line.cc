#include "cli/command_line.h"

#include <CLI/CLI.hpp>
#include <sstream>

#include "cli/command/version.h"
#include "cli/help/help_formatter.h"
#include "cli/options/checks.h"
#include "cli/usage_error.h"

namespace crossval {
namespace {

constexpr const char* kGeneral = "General";

}  // namespace

CommandLine::CommandLine(Console& console)
    : root_(std::make_unique<CLI::App>(
          "Finds the first token at which two LLM inference engines disagree, and the operation "
          "that caused it.",
          "crossval")) {
  root_->formatter(std::make_shared<HelpFormatter>());  // commands inherit it
  root_->set_help_flag("-h,--help", "show this");
  root_->set_version_flag("--version", version_line(), "version, commit, compiler, C library");
  root_->require_subcommand(1);
  for (const CommandEntry& entry : commands()) {
    CLI::App& app = *root_->add_subcommand(entry.name, entry.summary);
    AppOptions& options = options_.emplace_back(app);
    commands_.push_back(entry.make());
    commands_.back()->add_options(options);
    app.group("Commands");
    app.set_help_flag();  // taken away and added again: behind the command's own options
    const auto set_format = [&console](const std::string& name) {
      console.format = name == "json" ? OutputFormat::json : OutputFormat::text;
    };
    AppOption format(
        *app.add_option_function<std::string>("--format", set_format, "text (default) or json"));
    format.check(one_of({"text", "json"}))->type_name("FORM")->group(kGeneral);
    options.add_flag("-q,--quiet", console.quiet, "no progress, no warnings on stderr")
        ->group(kGeneral);
    options.add_flag("-v,--verbose", console.verbose, "show decisions and details")
        ->group(kGeneral);
    app.set_help_flag("-h,--help", "show this")->group(kGeneral);
  }
  // Last: commands would inherit it.
  root_->footer(
      "crossval COMMAND --help shows a command's options, crossval man all of them; crossval "
      "doctor says what works on this machine.");
}

CommandLine::~CommandLine() = default;

Result<std::optional<std::string>> CommandLine::parse(const std::vector<std::string>& words) {
  try {
    std::vector<std::string> reversed(words.rbegin(), words.rend());  // as CLI11 wants them
    root_->parse(reversed);
  } catch (const CLI::Success& success) {  // --help, --version
    std::ostringstream out;
    std::ostringstream err;
    root_->exit(success, out, err);
    return out.str();
  } catch (const CLI::ParseError& error) {
    return tl::unexpected(usage_error(error, words, *root_));
  }
  return std::nullopt;
}

Command* CommandLine::chosen() const {
  const auto apps = root_->get_subcommands(nullptr);  // all, parsed or not
  for (size_t i = 0; i < commands_.size(); ++i) {
    if (apps[i]->parsed()) return commands_[i].get();
  }
  return nullptr;
}

}  // namespace crossval
