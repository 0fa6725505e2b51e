#include "session/row_exchange.h"

#include <fmt/format.h>

#include <algorithm>

namespace crossval {

int32_t RowExchange::rows_ahead(const Row& first) {
  // A row of a few likely tokens is small beside what else a position costs.
  const size_t bytes = std::max<size_t>(first.logits.size_bytes(), 1);
  return static_cast<int32_t>(std::clamp<size_t>(kBytesAhead / bytes, kFewestAhead, kMostAhead));
}

bool RowExchange::put(Side side, int32_t position, const Row& row) {
  Lane& own = lane(side);
  std::unique_lock lock(mutex_);
  if (!own.stopped && (own.put == count_ || position != first_ + own.put)) {
    note_breach(side, position);
  }
  if (own.rows.empty()) own.rows.resize(static_cast<size_t>(rows_ahead(row)));
  changed_.wait(lock, [&] {
    return cancelled_ || own.breach || own.put - taken_ < static_cast<int32_t>(own.rows.size());
  });
  if (cancelled_ || own.breach) {
    own.stopped = true;
    changed_.notify_all();
    return false;
  }
  StoredRow& slot = own.slot(own.put);
  lock.unlock();  // nobody looks at this slot before `put` says so
  slot.store(row);
  lock.lock();
  ++own.put;
  changed_.notify_all();
  return true;
}

void RowExchange::note_breach(Side side, int32_t position) {
  Lane& own = lane(side);
  const int32_t due = first_ + own.put;
  if (own.put < count_ && position > due) {
    own.breach =
        HealthFinding{"missing-rows", side, due, -1,
                      fmt::format("the row of position {} came where {} was due", position, due)};
  } else if (own.put < count_) {
    own.breach =
        HealthFinding{"extra-rows", side, position, -1,
                      fmt::format("position {} came again where {} was due", position, due)};
  } else {
    own.breach = HealthFinding{"extra-rows", side, position, -1,
                               fmt::format("more than the {} rows asked for", count_)};
  }
  own.finished = true;
}

void RowExchange::finish(Side side) {
  const std::lock_guard lock(mutex_);
  lane(side).finished = true;
  changed_.notify_all();
}

std::optional<RowPair> RowExchange::next() {
  std::unique_lock lock(mutex_);
  if (holding_) {
    ++taken_;
    holding_ = false;
    changed_.notify_all();
  }
  const auto has_row = [&](const Lane& side) { return side.put > taken_; };
  const auto is_dry = [&](const Lane& side) { return side.finished && side.put == taken_; };
  changed_.wait(lock, [&] {
    return cancelled_ || taken_ == count_ || is_dry(lanes_[0]) || is_dry(lanes_[1]) ||
           (has_row(lanes_[0]) && has_row(lanes_[1]));
  });
  if (cancelled_ || !has_row(lanes_[0]) || !has_row(lanes_[1])) return std::nullopt;
  holding_ = true;
  return RowPair{first_ + taken_, lanes_[0].slot(taken_).view(), lanes_[1].slot(taken_).view()};
}

void RowExchange::cancel() {
  const std::lock_guard lock(mutex_);
  cancelled_ = true;
  changed_.notify_all();
}

std::optional<HealthFinding> RowExchange::count_finding(Side side) const {
  const std::lock_guard lock(mutex_);
  const Lane& own = lanes_[side == Side::candidate ? 0 : 1];
  if (own.breach) return own.breach;
  if (own.stopped || own.put == count_) return std::nullopt;
  return HealthFinding{"missing-rows", side, first_ + own.put, -1,
                       fmt::format("{} rows of the {} asked for", own.put, count_)};
}

}  // namespace crossval
