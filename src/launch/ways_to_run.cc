#include "launch/ways_to_run.h"

#include <fmt/format.h>

#include <algorithm>

#include "launch/kinds/kinds.h"

namespace crossval {

std::vector<WayToRun> ways_to_run(const EngineSpec& spec, const EngineInfo& info, int together) {
  const EngineKind& kind = *find_engine_kind(spec.name);
  std::vector<WayToRun> ways = {{"again", "evaluated again", spec, Feeding::again},
                                {"restart", "another instance", spec}};
  const auto vary = [&](const char* key, int now, const std::vector<int>& values,
                        const char* words) {
    if (std::ranges::find(kind.keys, key) == kind.keys.end()) {
      ways.push_back({key, key, spec, Feeding::at_once, spec.name + " has no such setting"});
      return;
    }
    for (const int value : values) {
      if (value == now) continue;
      EngineSpec other = spec;
      other.options[key] = std::to_string(value);
      ways.push_back({key, fmt::format(fmt::runtime(words), value), std::move(other)});
    }
  };
  vary("threads", info.settings.threads, {1, 2, 3}, "threads: {}");
  vary("batch", info.settings.n_batch, {1, 7, 64}, "batches of {}");
  const std::string no_steps =
      info.capabilities.decode ? "" : "the engine cannot decode step by step";
  ways.push_back({"halves", "in two halves", spec, Feeding::halves, no_steps});
  ways.push_back({"steps", "one by one from the middle on", spec, Feeding::steps, no_steps});
  ways.push_back({"together", fmt::format("{} at the same time", together), spec, Feeding::together,
                  together < 2 ? "--together 1" : ""});
  return ways;
}

}  // namespace crossval
