// Two engines on two files of one model: is it the engine or the quantisation? Plain data.
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "results/estimate.h"

namespace crossval {

/// A change of −ln p of the prompt's next token, in nats: positive is worse. Its mean is ln of a
/// ratio of perplexities.
struct Effect {
  Estimate mean;
  double low = 0, high = 0;  // 95 % interval of the mean, by Student's t over prompts
  double rms = 0;            // root mean square over positions: how far one of them moves
};

/// The whole change is engine[0] + quantisation[0] + interaction, exactly.
struct TwoByTwo {
  std::string name{};
  std::array<std::string, 2> engines{};  // as a command line has them
  std::array<std::string, 2> models{};   // their names: the full one, the quantised one
  int32_t prompts = 0;                   // with positions that all four runs scored
  int64_t positions = 0;                 // such
  int64_t left_out = 0;                  // that some of the four did not score
  std::array<Effect, 2> engine{};        // the second less the first, on each model
  std::array<Effect, 2> quantisation{};  // quantised less full, in each engine
  Effect interaction{};                  // engine[1] − engine[0]
  Effect whole{};                        // the second engine quantised less the first one full
};

}  // namespace crossval
