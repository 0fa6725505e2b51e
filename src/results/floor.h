// How far an engine is from itself under settings that should not matter, and how far a run is
// beside that. docs/floor.md.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace crossval {

/// How a distance is spread over positions.
struct Spread {
  double median = 0;
  double p99 = 0;  // 99 of 100 positions are not farther
  double worst = 0;
  bool operator==(const Spread&) const = default;
};

/// An engine under one other setting, beside itself as it is: a healthy pair.
struct FloorSetting {
  std::string name;    // "keys and values in f32"
  std::string engine;  // as a command line has it: "llama.cpp:kv=f32"
  int32_t identical_rows = 0;
  int32_t argmax_flips = 0;
  Spread kl;               // KL(engine as it is ‖ under the setting), in nats
  Spread centred_nmse;     // square of the centred relative L2
  Spread cosine_distance;  // 1 − cosine
  Spread max_abs_diff;     // centred
  Spread relative_l2;
  /// Mean logarithm of its centred relative L2 over that of the floor pair at the same position,
  /// and its standard error; both 0 for the pair itself and where all rows are identical.
  double log_ratio = 0, log_ratio_error = 0;
  bool operator==(const FloorSetting&) const = default;
};

/// One fact of who an engine is and what it computes with.
struct EngineMark {
  std::string name;  // as in JSON: "commit", "kv_type_k"
  std::string value;
  bool operator==(const EngineMark&) const = default;
};

struct Floor {
  std::vector<std::string> model_sha256{};  // of each of the model's files
  std::string model_description{};
  std::string engine{};             // as a command line has it
  std::vector<EngineMark> marks{};  // of that engine
  std::string text_sha256{};        // of the prompts that it was measured on
  int32_t positions = 0;            // of them in all
  std::vector<FloorSetting> settings{};
  std::vector<std::string> lacking{};  // settings that the engine does not have, and why
  /// The setting that is farthest from the engine as it is; none when all rows are identical.
  std::optional<int32_t> pair{};
  /// How much larger than the pair's, as a logarithm, the distances of a healthy engine may be.
  double margin = 0;
  bool operator==(const Floor&) const = default;
};

/// What the distances of a run, paired with the floor pair's at the same positions, say.
enum class PairedWord : uint8_t {
  not_enough,  // positions to tell
  as_floor,    // not larger by the margin
  larger,      // by more than the margin
};

struct PairedTest {
  PairedWord word = PairedWord::not_enough;
  int32_t positions = 0;      // looked at until the word was known, or all
  double log_ratio = 0;       // mean over all positions
  double margin = 0;          // of the floor
  double error_rate = 0;      // of either word
  double passing_margin = 0;  // the smallest margin with which it is not larger
};

/// A run beside the floor.
struct FloorComparison {
  Floor floor;
  std::string path;     // of the floor's file
  double kl_limit = 0;  // what a position may have
  double nmse_limit = 0;
  // Of healthy positions:
  int32_t above = 0;           // beyond anything that was seen when the floor was measured
  int32_t tie_flips = 0;       // another most likely token where the reference nearly ties
  int32_t decisive_flips = 0;  // where it does not
  /// How many times as wide the limits would have to be for all positions to pass; none where a
  /// decisive flip fails whatever they are.
  std::optional<double> passing_factor{};
  std::optional<PairedTest> paired{};  // where the floor pair was evaluated beside the run
  double seconds = 0;                  // that this took
};

}  // namespace crossval
