#include "launch/engine_factory.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <optional>
#include <utility>

#include "base/environment.h"
#include "base/nearest_word.h"
#include "launch/foreign_engine.h"
#include "launch/kinds/kinds.h"
#include "launch/paths.h"
#include "model/other_file.h"
#include "names/renamed_engine.h"

namespace crossval {
namespace {

std::string hint(const std::string& typed, const std::vector<std::string>& known) {
  const std::string near = nearest_word(typed, known);
  return (near.empty() ? "" : "Did you mean " + near + "? ") +
         fmt::format("There are: {}.", fmt::join(known, ", "));
}

Result<void> check_words(const EngineKind& kind, const EngineSpec& spec) {
  for (const KeyWords& key : kind.words) {
    const auto given = spec.options.find(std::string(key.key));
    if (given == spec.options.end()) continue;
    if (std::ranges::find(key.words, given->second) != key.words.end()) continue;
    return fail(
        ExitCode::usage,
        fmt::format("{}={} is none of {}", key.key, given->second, fmt::join(key.words, ", ")),
        "engine " + spec.name);
  }
  return {};
}

}  // namespace

std::vector<std::string> engine_names() {
  std::vector<std::string> names;
  for (const EngineKind* kind : engine_kinds()) names.emplace_back(kind->name);
  return names;
}

std::string engine_help() {
  std::string text = "An ENGINE is written name or name:key=value,key=value";
  for (const EngineKind* kind : engine_kinds()) {
    text += fmt::format("; keys of {}: {}", kind->name, fmt::join(kind->keys, ", "));
  }
  return text + fmt::format("; of each: {}.", fmt::join(kCommonKeys, ", "));
}

Result<EngineSpec> read_engine_spec(const std::string& text) {
  const std::string name = text.substr(0, text.find(':'));
  const bool ours = find_engine_kind(name) != nullptr || text.starts_with("https:");
  if (auto foreign = ours ? std::nullopt : refuse_foreign_engine(text))
    return tl::unexpected(*std::move(foreign));
  return parse_engine_spec(text);
}

Result<void> check_engine_spec(const EngineSpec& spec) {
  const EngineKind* kind = find_engine_kind(spec.name);
  const size_t colon = spec.name.find(':');
  if (kind == nullptr && find_engine_kind(spec.name.substr(0, colon)) != nullptr) {
    return fail(ExitCode::usage,
                fmt::format("\"{}\" is not key=value", spec.name.substr(colon + 1)),
                "engine " + spec.name.substr(0, colon),
                "Write name[:key=value[,key=value]], e.g. native:threads=2,kv=f32.");
  }
  if (kind == nullptr) {
    return fail(ExitCode::usage, "no engine is called \"" + spec.name + "\"", {},
                hint(spec.name, engine_names()));
  }
  std::vector<std::string> keys(kind->keys.begin(), kind->keys.end());
  keys.insert(keys.end(), std::begin(kCommonKeys), std::end(kCommonKeys));
  for (const auto& [key, value] : spec.options) {
    if (kind->passes_keys_on || std::ranges::find(keys, key) != keys.end()) continue;
    const auto instead = std::ranges::find(kind->instead, key, &Instead::key);
    return fail(ExitCode::usage, "there is no key \"" + key + "\"", "engine " + spec.name,
                instead == kind->instead.end()
                    ? hint(key, keys)
                    : fmt::format("{} There are: {}.", instead->words, fmt::join(keys, ", ")));
  }
  return check_words(*kind, spec);
}

Result<std::unique_ptr<Engine>> make_engine(const EngineSpec& spec, const EngineDefaults& defaults,
                                            const Launch& launch) {
  // Said here for all engines alike; a file that cannot be read is left to the engine.
  if (const auto file = launch.files.open(model_path(spec, defaults))) {
    if (auto ok = refuse_other_file(*file); !ok) return tl::unexpected(ok.error());
  }
  std::optional<NamesFile> names;
  if (spec.options.contains(kNamesKey)) {
    auto read = NamesFile::read(with_home(spec.get(kNamesKey)));
    if (!read) return tl::unexpected(read.error());
    names = *std::move(read);
  }
  auto engine = find_engine_kind(spec.name)->make(spec, defaults, launch);
  return engine && names ? renamed(*std::move(engine), *std::move(names)) : std::move(engine);
}

}  // namespace crossval
