// A file that exists while the object does. Its name holds the process id: tests run side by side.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <string>

namespace crossval {

class TempFile {
 public:
  TempFile(const std::string& name, const std::string& bytes)
      : path(testing::TempDir() + std::to_string(::getpid()) + "-" + name) {
    std::ofstream(path, std::ios::binary) << bytes;
  }
  ~TempFile() { std::remove(path.c_str()); }
  TempFile(const TempFile&) = delete;
  TempFile& operator=(const TempFile&) = delete;

  const std::string path;
};

}  // namespace crossval
