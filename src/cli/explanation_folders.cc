#include "cli/explanation_folders.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <filesystem>
#include <string>
#include <string_view>
#include <system_error>

#include "base/partial_file.h"
#include "base/shell_quote.h"
#include "report/json/explanation.h"
#include "report/text/reproduction.h"

namespace crossval {
Result<void> make_folders(const ExplainChoice& more) {
  for (const std::string& path : {more.trace_folder, more.repro_folder}) {
    std::error_code error;
    if (!path.empty()) std::filesystem::create_directory(path, error);
    if (error) {
      return fail(ExitCode::cannot_write,
                  fmt::format("cannot create the directory: {}", error.message()), path);
    }
  }
  return {};
}

Result<void> write_folders(const Explanation& found, const PairChoice& engines,
                           const ExplainChoice& more) {
  for (const std::string& folder : {more.trace_folder, more.repro_folder}) {
    if (folder.empty()) continue;
    if (auto ok = write_file(folder + "/explanation.json", explanation_json(found)); !ok) return ok;
  }
  if (!found.reproduction) return {};
  const std::string command =
      fmt::format("crossval explain -m {} --tokens {} --candidate {} --reference {}",
                  shell_word(engines.defaults.model), fmt::join(found.reproduction->tokens, ","),
                  shell_word(engines.candidate), shell_word(engines.reference));
  return write_file(more.repro_folder + "/README.md", reproduction_readme(found, command));
}

}  // namespace crossval
