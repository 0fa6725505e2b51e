// How an engine is written on the command line: name[:variant][:key=value[,key=value…]], the second
// colon a comma: oracle:declared,threads=2.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "base/error.h"

namespace crossval {

struct EngineSpec {
  std::string name;                            // "native", "llama.cpp", "oracle:declared"
  std::map<std::string, std::string> options;  // "model" -> "other.gguf"

  /// The value of `key`, or `fallback` when it was not given.
  std::string get(const std::string& key, const std::string& fallback = {}) const;
};

/// Parses a spec. A value may hold ',' when doubled (",,"). Errors (usage): empty name, empty or
/// repeated key, missing '=' behind the first part. Which names there are and which keys an engine
/// knows is checked by its factory.
Result<EngineSpec> parse_engine_spec(std::string_view text);

}  // namespace crossval
