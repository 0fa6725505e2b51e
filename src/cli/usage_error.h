// A command line that cannot be parsed, said in words of our own.
#pragma once

#include <string>
#include <vector>

#include "base/error.h"

namespace CLI {
class App;
class ParseError;
}  // namespace CLI

namespace crossval {

/// `words` is the line without the program, `root` has parsed it and thrown `error`. A word that
/// nobody knows is named before anything else: whatever is missing may be what it was meant to be.
Error usage_error(const CLI::ParseError& error, const std::vector<std::string>& words,
                  const CLI::App& root);

}  // namespace crossval
