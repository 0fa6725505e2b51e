// The process's environment.
#pragma once

#include <string>
#include <vector>

namespace crossval {

/// Empty where it is not set.
std::string environment_variable(const char* name);

/// All of it: "NAME=value" each.
std::vector<std::string> whole_environment();

/// A path with "~/" in front replaced by the home directory: shells do not do it after "key=".
std::string with_home(const std::string& path);

}  // namespace crossval
