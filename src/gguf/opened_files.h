// The model files of a run, each opened and parsed once.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "base/error.h"
#include "gguf/file.h"

namespace crossval {

/// Copies share what any of them opens. Not thread-safe.
class OpenedFiles {
 public:
  /// The file of this name, opened at the first call. Errors: those of GgufFile::open; what failed
  /// is tried again.
  Result<GgufFile> open(const std::string& path) const;

 private:
  std::shared_ptr<std::map<std::string, GgufFile>> files_ =
      std::make_shared<std::map<std::string, GgufFile>>();
};

}  // namespace crossval
