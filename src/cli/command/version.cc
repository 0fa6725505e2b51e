#include "cli/command/version.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/build_info.h"
#include "report/json/schema_version.h"

namespace crossval {
namespace {

class VersionCommand : public Command {
 public:
  void add_options(AppOptions& /*app*/) override {}

  Result<ExitCode> run(Console& console) override {
    std::string text = version_line() + "\n";
    if (console.format == OutputFormat::json) {
      const BuildInfo info = build_info();
      text = nlohmann::ordered_json{{"schema_version", kJsonSchemaVersion},
                                    {"version", info.version},
                                    {"commit", info.commit},
                                    {"compiler", info.compiler},
                                    {"flags", info.flags},
                                    {"libc", info.libc}}
                 .dump(2) +
             "\n";
    }
    write_output(console, text);
    return ExitCode::ok;
  }
};

}  // namespace

std::unique_ptr<Command> make_version_command() { return std::make_unique<VersionCommand>(); }

std::string version_line() {
  const BuildInfo info = build_info();
  return fmt::format("crossval {} ({}), {}, {}, {}", info.version,
                     info.commit.empty() ? "commit unknown" : info.commit, info.compiler,
                     info.flags, info.libc);
}

}  // namespace crossval
