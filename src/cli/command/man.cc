#include "cli/command/man.h"

#include "cli/command_line.h"
#include "cli/help/man_page.h"

namespace crossval {
namespace {

class ManCommand : public Command {
 public:
  void add_options(AppOptions& /*app*/) override {}

  bool writes_json() const override { return false; }

  Result<ExitCode> run(Console& console) override {
    Console unused;
    const std::string page = man_page(option_table(CommandLine(unused).root()));
    write_output(console, page);
    return ExitCode::ok;
  }
};

}  // namespace

std::unique_ptr<Command> make_man_command() { return std::make_unique<ManCommand>(); }

}  // namespace crossval
