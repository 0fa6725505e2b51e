#include "gguf/opened_files.h"

namespace crossval {

Result<GgufFile> OpenedFiles::open(const std::string& path) const {
  if (const auto known = files_->find(path); known != files_->end()) return known->second;
  auto file = GgufFile::open(path);
  if (file) files_->emplace(path, *file);
  return file;
}

}  // namespace crossval
