// The kinds of engines that there are: what each is called, which keys it takes and how one is
// made. A new kind is a file here and a line in kinds.cc.
#pragma once

#include <memory>
#include <span>
#include <string_view>

#include "base/error.h"
#include "engine/engine.h"
#include "engine/spec.h"
#include "launch/engine_defaults.h"
#include "launch/launch.h"
#include "names/names_file.h"

namespace crossval {

/// A key of other kinds, and what this one does in place of what it varies.
struct Instead {
  std::string_view key, words;
};

/// A key that takes some words only.
struct KeyWords {
  std::string_view key;
  std::span<const std::string_view> words;
};

struct EngineKind {
  std::string_view name;
  std::span<const std::string_view> keys;  // beside those of every engine (kCommonKeys)
  /// Whether there are more keys, which the engine itself knows.
  bool passes_keys_on = false;
  std::span<const KeyWords> words{};
  std::span<const Instead> instead{};
  /// Settings (gate/settings.h) in which it differs from the others on purpose.
  std::span<const std::string_view> changes{};
  /// Whether it keeps keys and values in F32 and the other engine beside it is to do so too, unless
  /// the user says in what.
  bool keeps_floats = false;
  /// Of a spec whose keys are checked. The values that are not words of a table are checked here.
  Result<std::unique_ptr<Engine>> (*make)(const EngineSpec& spec, const EngineDefaults& defaults,
                                          const Launch& launch);
  /// False: it needs no model file. Beside another engine the prompt is read for that one's.
  bool reads_model = true;
};

extern const EngineKind kNative, kLlamaCpp, kOracle, kOracleDeclared, kTransformers, kExecProgram,
    kHttpServer, kReplay;

/// All of them, in the order in which help texts have them.
std::span<const EngineKind* const> engine_kinds();

/// Null: there is none of this name.
const EngineKind* find_engine_kind(std::string_view name);

/// Keys of every engine: what it is given to read (prompt/model_prompt.h), how its tensors are
/// called (names/names_file.h).
inline constexpr std::string_view kCommonKeys[] = {"template", "prompt", kNamesKey};

}  // namespace crossval
