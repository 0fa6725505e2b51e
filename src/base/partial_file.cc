#include "base/partial_file.h"

#include <fmt/format.h>

#include <cerrno>
#include <filesystem>
#include <system_error>
#include <utility>

namespace crossval {

namespace fs = std::filesystem;

Result<std::unique_ptr<PartialFile>> PartialFile::create(const std::string& path) {
  std::error_code ignored;
  const fs::path target =
      fs::is_symlink(path, ignored) ? fs::weakly_canonical(path, ignored) : fs::path(path);
  if (fs::exists(target, ignored) && !fs::is_regular_file(target, ignored)) {
    return fail(ExitCode::cannot_write, "there is something here that is no file", path,
                "Name a new file, or one that may be replaced.");
  }
  std::unique_ptr<PartialFile> file(new PartialFile(target, nullptr));
  file->file_ = std::fopen(file->partial().c_str(), "wb");
  if (file->file_ == nullptr) {
    file->published_ = true;  // nothing to remove
    return file->error("cannot create");
  }
  return file;
}

PartialFile::~PartialFile() {
  if (file_ != nullptr) std::fclose(file_);
  if (!published_) std::remove(partial().c_str());
}

tl::unexpected<Error> PartialFile::error(const char* what) const {
  return fail(ExitCode::cannot_write,
              fmt::format("{}: {}", what, std::generic_category().message(errno)), path_);
}

Result<void> PartialFile::append(std::string_view bytes) {
  if (std::fwrite(bytes.data(), 1, bytes.size(), file_) != bytes.size()) {
    return error("cannot write");
  }
  return {};
}

Result<void> PartialFile::write_at(int64_t offset, std::string_view bytes) {
  if (fseeko(file_, offset, SEEK_SET) != 0) return error("cannot write");
  return append(bytes);
}

Result<void> PartialFile::close() {
  // A full disk may show only when the last buffer is written.
  if (std::fclose(std::exchange(file_, nullptr)) != 0) return error("cannot write");
  return {};
}

Result<void> PartialFile::publish() {
  if (auto ok = rename_file(partial(), path_); !ok) return ok;
  published_ = true;
  return {};
}

Result<void> PartialFile::finish() {
  if (auto ok = close(); !ok) return ok;
  return publish();
}

Result<void> rename_file(const std::string& from, const std::string& to) {
  if (std::rename(from.c_str(), to.c_str()) == 0) return {};
  return fail(ExitCode::cannot_write,
              fmt::format("cannot rename: {}", std::generic_category().message(errno)), to);
}

Result<void> write_file(const std::string& path, std::string_view bytes) {
  auto file = PartialFile::create(path);
  if (!file) return tl::unexpected(file.error());
  if (auto ok = (*file)->append(bytes); !ok) return ok;
  return (*file)->finish();
}

}  // namespace crossval
