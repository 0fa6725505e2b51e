// Models that come from files of another format: as a GgufFile all the same, so that whoever reads
// a model need not know.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/mapped_file.h"
#include "gguf/file.h"

namespace crossval {

/// What such a model would say as a GGUF file.
struct GgufContent {
  std::string path;                 // for messages
  std::vector<GgufPartInfo> parts;  // the files
  std::vector<GgufKey> keys;        // names are different from each other
  std::vector<GgufTensor>
      tensors;  // likewise; `part`: which of `maps` data lies in, beyond: memory
  std::vector<MappedFile> maps;
  std::shared_ptr<const void> memory;  // holds what else the views above look into
};

/// Its version() is 0.
GgufFile assemble_gguf(GgufContent content);

using FolderReader = Result<GgufFile> (*)(const std::string& folder);

/// GgufFile::open gives a folder to `reader` from now on; without one, a folder is refused. Called
/// once, before any thread opens a model.
void read_folders_with(FolderReader reader);

}  // namespace crossval
