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
namespace {

constexpr const char* kPlain =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./:,=+@";

std::string as_word(const std::string& text) {
  return text.find_first_not_of(kPlain) == std::string::npos ? text : shell_quoted(text);
}

Result<void> write_text(const std::string& path, std::string_view text) {
  auto file = PartialFile::create(path);
  if (!file) return tl::unexpected(file.error());
  if (auto ok = (*file)->append(text); !ok) return ok;
  return (*file)->finish();
}

}  // namespace

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
    if (auto ok = write_text(folder + "/explanation.json", explanation_json(found)); !ok) return ok;
  }
  if (!found.reproduction) return {};
  const std::string command =
      fmt::format("crossval explain -m {} --tokens {} --candidate {} --reference {}",
                  as_word(engines.defaults.model), fmt::join(found.reproduction->tokens, ","),
                  as_word(engines.candidate), as_word(engines.reference));
  return write_text(more.repro_folder + "/README.md", reproduction_readme(found, command));
}

}  // namespace crossval
