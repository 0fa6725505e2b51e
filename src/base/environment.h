// The process's environment.
#pragma once

#include <string>
#include <vector>

namespace crossval {

/// Empty where it is not set.
std::string environment_variable(const char* name);

/// All of it: "NAME=value" each.
std::vector<std::string> whole_environment();

/// All of it with variables ("NAME=value") of which some may replace others.
std::vector<std::string> environment_with(const std::vector<std::string>& variables);

/// The file that a shell would run for a name without a slash; empty: there is none in PATH.
std::string find_in_path(const std::string& name);

/// A path with "~/" in front replaced by the home directory: shells do not do it after "key=".
std::string with_home(const std::string& path);

}  // namespace crossval
