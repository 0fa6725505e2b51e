// A small suite with made results, for the tests of its store.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "suite/manifest.h"
#include "suite/store.h"

namespace crossval::made {

/// A manifest of `shards`, five prompts and two pairs, placed in a folder.
inline Manifest manifest(const std::string& folder, int32_t shards,
                         const std::string& name = "made") {
  Suite suite{.name = name, .shards = shards};
  for (const char* pair : {"p", "q"}) {
    suite.pairs.push_back({.name = pair, .candidate = "native", .reference = "native"});
  }
  std::vector<SuitePrompt> prompts;
  for (int i = 0; i < 5; ++i)
    prompts.push_back({"prompt " + std::to_string(i), "text " + std::to_string(i)});
  auto made = make_manifest(suite, prompts, {}, {}, {});
  EXPECT_TRUE(made) << made.error().message();
  const auto placed = place_manifest(*made, prompts, folder);
  EXPECT_TRUE(placed) << placed.error().message();
  return *std::move(made);
}

inline SuitePromptResult result(int32_t prompt, double seconds = 0) {
  SuitePromptResult r;
  r.prompt = prompt;
  r.verdict = prompt == 3 ? Verdict::diverged : Verdict::match;
  r.tokens = 2;
  r.positions = 2;
  r.lowest_cosine = 1 - 0.001 * prompt;
  r.largest_kl = 0.5 * prompt;
  r.seconds = seconds;
  return r;
}

inline std::vector<PositionResult> positions(int32_t prompt) {
  std::vector<PositionResult> all(2);
  for (int32_t i = 0; i < 2; ++i) {
    PositionResult& p = all[static_cast<size_t>(i)];
    p.position = i;
    p.id = 10 * prompt + i;
    p.piece = std::string("\0\xff", 2) + std::to_string(i);
    p.metrics.kl = 0.1 * prompt + 0.01 * i;
    p.metrics.cosine = 1 - 0.001 * prompt;
    p.metrics.candidate_argmax = p.metrics.reference_argmax = 7;
    if (i == 0) p.next = {.candidate = -1.0 - prompt, .reference = -1.5};
  }
  return all;
}

inline EngineInfo engine(const std::string& version) {
  EngineInfo info;
  info.identity.name = "native";
  info.identity.version = version;
  return info;
}

/// Runs a shard on made results and publishes it.
inline void run(const std::string& folder, const Manifest& of, int32_t shard, double seconds = 0,
                const std::string& version = "1") {
  auto writer = ShardWriter::open(folder, of, shard, false);
  ASSERT_TRUE(writer) << writer.error().message();
  for (int32_t pair = 0; pair < 2; ++pair) {
    ASSERT_TRUE(writer->note_engines(pair, engine(version), engine(version)));
    for (int32_t prompt = 0; prompt < 5; ++prompt) {
      if (!is_of_shard(static_cast<size_t>(prompt), shard, of.shards)) continue;
      ASSERT_TRUE(writer->add(pair, result(prompt, seconds), positions(prompt)));
    }
  }
  const auto published = writer->publish();
  ASSERT_TRUE(published) << published.error().message();
}

}  // namespace crossval::made
