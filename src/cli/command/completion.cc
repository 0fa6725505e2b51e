#include "cli/command/completion.h"

#include "cli/command_line.h"
#include "cli/help/completion.h"
#include "cli/options/app_options.h"
#include "cli/options/checks.h"

namespace crossval {
namespace {

class CompletionCommand : public Command {
 public:
  void add_options(AppOptions& app) override {
    app.add_option("shell", shell_, "bash or zsh")
        ->required()
        ->check(one_of({"bash", "zsh"}))
        ->type_name("SHELL");
  }

  bool writes_json() const override { return false; }

  Result<ExitCode> run(Console& console) override {
    Console unused;
    const auto table = option_table(CommandLine(unused).root());
    const std::string script = shell_ == "bash" ? bash_completion(table) : zsh_completion(table);
    write_output(console, script);
    return ExitCode::ok;
  }

 private:
  std::string shell_;
};

}  // namespace

std::unique_ptr<Command> make_completion_command() { return std::make_unique<CompletionCommand>(); }

}  // namespace crossval
