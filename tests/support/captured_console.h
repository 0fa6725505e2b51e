// A console whose output a test can read back.
#pragma once

#include <cstdio>
#include <string>
#include <vector>

#include "cli/console.h"
#include "cli/run_cli.h"

namespace crossval::testing {

struct CapturedRun {
  int code = -1;
  std::string out;
  std::string err;
};

inline std::string read_back(std::FILE* file) {
  std::string text;
  std::rewind(file);
  for (int c = std::fgetc(file); c != EOF; c = std::fgetc(file)) text += static_cast<char>(c);
  std::fclose(file);
  return text;
}

/// Runs the command line in this process.
inline CapturedRun run_captured(const std::vector<std::string>& words) {
  std::vector<const char*> argv{"crossval"};
  for (const std::string& word : words) argv.push_back(word.c_str());
  Console console;
  console.out = std::tmpfile();
  console.err = std::tmpfile();
  CapturedRun run;
  run.code = run_cli(static_cast<int>(argv.size()), argv.data(), console);
  run.out = read_back(console.out);
  run.err = read_back(console.err);
  return run;
}

}  // namespace crossval::testing
