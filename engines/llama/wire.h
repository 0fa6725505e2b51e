// The two streams to crossval: requests in, frames out.
#pragma once

#include <cstddef>
#include <initializer_list>
#include <memory>
#include <vector>

#include "protocol/frame.h"

namespace crossval_llama {

struct Request {
  crossval::protocol::FrameType type{};
  std::vector<std::byte> payload;
};

/// Takes standard input and output for itself: whatever prints to standard output afterwards lands
/// on standard error. A thread reads requests at all times, so the process ends as soon as crossval
/// closes its end or dies, even in the middle of a computation.
class Wire {
 public:
  Wire();

  Request next();
  /// True when crossval asked to stop the evaluation under way.
  bool cancel_asked() const;
  /// Between evaluations: a cancel that came too late is forgotten.
  void forget_cancel();

  /// Ends the process when crossval is gone.
  void send(crossval::protocol::FrameType type,
            std::initializer_list<crossval::protocol::Bytes> parts = {});

 private:
  struct Inbox;
  std::shared_ptr<Inbox> inbox_;
  int out_;
};

}  // namespace crossval_llama
