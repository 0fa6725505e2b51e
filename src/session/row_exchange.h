// Where the rows of two engines meet: each engine's thread puts its rows in, the comparing thread
// takes them out in pairs. The engine that is ahead waits when it is kBytesAhead ahead, so memory
// is bounded whatever the number of positions.
#pragma once

#include <array>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "engine/row.h"
#include "engine/stored_row.h"
#include "results/health.h"

namespace crossval {

/// The rows of both engines at one position; they may differ in content and width.
struct RowPair {
  int32_t position = 0;
  Row candidate, reference;

  const Row& of(Side side) const { return side == Side::candidate ? candidate : reference; }
};

class RowExchange {
 public:
  /// How far one side may be ahead: what a llama.cpp worker computes in one go, so that the rows of
  /// an engine that computes a few at a time are there when the worker's come.
  static constexpr size_t kBytesAhead = 32 << 20;
  static constexpr int32_t kFewestAhead = 8, kMostAhead = 256;  // rows

  /// Rows that a side whose first row is this one may be ahead.
  static int32_t rows_ahead(const Row& first);

  /// Each side owes one row for each of the positions first … first + count − 1, in order.
  RowExchange(int32_t first, int32_t count) : first_(first), count_(count) {}

  /// Copies a row in; waits while this side is too far ahead. False: this side is to stop, because
  /// the exchange was cancelled or the row is not the one due. Called by the side's thread only.
  bool put(Side side, int32_t position, const Row& row);

  /// This side puts no more rows.
  void finish(Side side);

  /// Waits for the next pair, valid until the next call; nothing when there cannot be another one.
  /// Called by the comparing thread only.
  std::optional<RowPair> next();

  /// Wakes everybody: no more rows are wanted. Any thread.
  void cancel();

  /// Rows that this side owes and did not put, or put without owing them. Ask when both sides have
  /// finished. A side that was told to stop owes nothing more.
  std::optional<HealthFinding> count_finding(Side side) const;

 private:
  struct Lane {
    StoredRow& slot(int32_t n) { return rows[static_cast<size_t>(n) % rows.size()]; }

    std::vector<StoredRow> rows;  // row n lies in n mod their number, which the first row decides
    int32_t put = 0;              // rows so far
    bool finished = false;
    bool stopped = false;  // was told to stop
    std::optional<HealthFinding> breach;
  };
  Lane& lane(Side side) { return lanes_[side == Side::candidate ? 0 : 1]; }
  void note_breach(Side side, int32_t position);

  const int32_t first_, count_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::array<Lane, 2> lanes_;
  int32_t taken_ = 0;  // pairs that the comparing thread is done with
  bool holding_ = false;
  bool cancelled_ = false;
};

}  // namespace crossval
