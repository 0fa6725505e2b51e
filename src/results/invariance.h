// The result of `invariance`: whether an engine gives the same bits however its work is cut.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "engine/info.h"
#include "results/comparison.h"
#include "results/warning.h"

namespace crossval {

/// How the ids are given to the engine of a cell.
enum class Feeding : uint8_t {
  at_once,
  again,     // evaluated once before
  halves,    // the second half goes on from the first
  steps,     // one by one from the middle on
  together,  // while the others of its cell compute as well
};

enum class CellState : uint8_t { same, differs, not_run };

/// One way to run it, beside the engine as it is.
struct InvarianceCell {
  std::string setting;  // stable: again, restart, threads, batch, halves, steps, together
  std::string name;     // "2 threads"
  CellState state = CellState::not_run;
  bool claimed = true;  // the engine does not say that it varies with this (not_invariant_to)
  std::string why{};    // of what was not run
  int32_t rows = 0;     // compared
  int32_t differing = 0;
  std::optional<int32_t> first{};  // position whose bits differ first
  double distance = 0;             // largest: relative L2; of most likely tokens |Δ ln p|
};

struct Invariance {
  EngineInfo engine;
  PromptRecord prompt;
  std::vector<Warning> warnings;
  std::vector<TokenId> tokens;
  std::vector<InvarianceCell> cells;
};

/// Some cell differs that the engine claims not to vary with.
inline bool is_broken(const Invariance& result) {
  return std::ranges::any_of(result.cells, [](const InvarianceCell& cell) {
    return cell.claimed && cell.state == CellState::differs;
  });
}

inline ExitCode exit_code(const Invariance& result) {
  return is_broken(result) ? ExitCode::diverged : ExitCode::ok;
}

}  // namespace crossval
