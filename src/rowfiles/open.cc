#include <fmt/format.h>

#include <utility>

#include "rowfiles/formats.h"

namespace crossval {

tl::unexpected<Error> bad_row_file(const MappedFile& file, uint64_t offset, std::string what,
                                   std::string hint) {
  return fail(ExitCode::bad_input_file, std::move(what),
              fmt::format("{}, offset {}", file.path(), offset), std::move(hint));
}

RowFileResult open_row_file(const std::string& path) {
  auto file = MappedFile::open(path);
  if (!file) return tl::unexpected(file.error());
  for (const auto format : {open_npy, open_npz, open_safetensors, open_kl_base, open_gguf_results,
                            open_logprob_lines, open_raw_row}) {
    auto found = format(*file);
    if (!found || *found != nullptr) return found;
  }
  return nullptr;
}

}  // namespace crossval
