// How an engine is written on the command line: name[:variant][:key=value[,key=value…]], the second
// colon a comma: oracle:declared,threads=2. exec has a command in the variant's place, and the
// engines of kOperandEngines what they are made of: replay:run.xval.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace crossval {

struct EngineSpec {
  std::string name;                            // "native", "llama.cpp", "oracle:declared"
  std::map<std::string, std::string> options;  // "model" -> "other.gguf"
  std::vector<std::string> command{};          // of exec: the program and its arguments
  std::string operand{};                       // of kOperandEngines: what stands behind the name

  /// The value of `key`, or `fallback` when it was not given.
  std::string get(const std::string& key, const std::string& fallback = {}) const;
};

/// The name of the engines that are a command: `exec:python engine.py,threads=2`.
inline constexpr std::string_view kExec = "exec";

/// The names that are followed by what the engine is made of, up to the first single comma.
inline constexpr std::string_view kOperandEngines[] = {"replay"};

/// Parses a spec. A value may hold ',' when doubled (",,"), a command in quotes
/// (base/command_words.h). Errors (usage): empty name, empty or repeated key, missing '=' behind
/// the first part, a command that cannot be read. Which names there are and which keys an engine
/// knows is checked by its factory.
Result<EngineSpec> parse_engine_spec(std::string_view text);

/// As parse_engine_spec reads it.
std::string spec_text(const EngineSpec& spec);

}  // namespace crossval
