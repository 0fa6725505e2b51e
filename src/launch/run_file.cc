#include "launch/run_file.h"

#include <utility>

#include "base/mapped_file.h"
#include "recording/file.h"
#include "rowfiles/engine.h"

namespace crossval {

Result<std::unique_ptr<ReplayEngine>> open_run_file(const std::string& path) {
  const auto file = MappedFile::open(path);
  if (!file) return tl::unexpected(file.error());
  if (is_recording(file->bytes())) return open_recording(path);
  auto rows = open_row_file(path);
  if (!rows) return tl::unexpected(rows.error());
  if (*rows != nullptr) return make_row_file_engine(*std::move(rows), path);
  return fail(ExitCode::bad_input_file, "this is neither a recording nor rows of logits", path,
              "crossval record writes a recording; docs/other-files.md lists the files of other "
              "programs that are read.");
}

}  // namespace crossval
