// Patterns in logits that a working pair of engines rarely shows. They decide nothing: each is a
// warning, and a hint at the cause where the engines diverge.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "compare/row_metrics.h"

namespace crossval {

/// Names (docs/logits-patterns.md). Of one engine alone: repeated-rows, near-uniform-rows,
/// saturated-rows, implausible-scale, dominating-token. Of the two together, from the candidate's
/// point of view: constant-factor, constant-shift, permuted-vocabulary, rows-off-by-one,
/// truncated-vocabulary.
struct LogitsPattern {
  std::string name;
  std::string engine;  // the engine concerned; empty for a pattern between the two
  int32_t rows = 0;    // rows that show it …
  int32_t of = 0;      // … of so many that could
  std::string message;
};

/// Watches one engine's rows as they pass; O(n_vocab) per row, keeps one row.
class RowPatterns {
 public:
  explicit RowPatterns(std::string engine) : engine_(std::move(engine)) {}

  /// `row` is finite and follows the row observed before; `id` is the token evaluated there,
  /// `argmax` the row's highest logit.
  void observe(int32_t id, std::span<const float> row, int32_t argmax, const RowMoments& moments);

  /// The row before the last one observed; empty at first.
  std::span<const float> previous() const { return previous_; }
  const RowMoments& previous_moments() const { return previous_moments_; }

  std::vector<LogitsPattern> findings() const;

 private:
  struct Top {
    int32_t rows = 0;          // in which a token is highest
    std::set<int32_t> inputs;  // the tokens evaluated there
  };

  std::string engine_;
  std::vector<float> previous_, current_;
  RowMoments previous_moments_, current_moments_;
  int32_t previous_id_ = -1;
  int32_t rows_ = 0;
  int32_t repeated_ = 0, uniform_ = 0, saturated_ = 0, absurd_ = 0;
  double extreme_scale_ = 0;     // an implausible deviation that was seen
  std::map<int32_t, Top> tops_;  // by the token that is highest
  std::set<int32_t> inputs_;     // every token evaluated
};

/// Watches both engines' rows side by side.
class LogitsPatterns {
  /// Empty at first.
  struct Range {
    double low = 0, high = 0;
    bool empty = true;

    void add(double x);
    std::string text() const;  // "2", "1.9 to 2.1"
  };

 public:
  LogitsPatterns(std::string candidate, std::string reference)
      : candidate_(std::move(candidate)), reference_(std::move(reference)) {}

  /// Two finite rows of the same position and width, with their distances.
  void observe(int32_t id, std::span<const float> candidate, std::span<const float> reference,
               const RowMetrics& metrics);

  /// Everything found so far; nothing between two engines whose rows are all the same.
  std::vector<LogitsPattern> findings() const;

 private:
  void observe_difference(std::span<const float> candidate, std::span<const float> reference,
                          const RowMetrics& metrics);

  RowPatterns candidate_, reference_;
  int32_t differing_ = 0;  // rows that are not close to each other
  int32_t factor_ = 0, shift_ = 0, permuted_ = 0, truncated_ = 0;
  int32_t late_ = 0, early_ = 0;  // candidate's row i is the reference's row i−1, i+1
  Range factors_, shifts_;        // of the rows that show one
  int64_t cut_ = 0;               // first token of a constant tail
};

}  // namespace crossval
