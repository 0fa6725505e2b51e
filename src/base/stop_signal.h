// A stop token as a descriptor, so that poll() ends the moment somebody asks to stop.
#pragma once

#include <stop_token>

#include "base/descriptor.h"

namespace crossval {

class StopSignal {
 public:
  explicit StopSignal(std::stop_token token);

  bool requested() const { return token_.stop_requested(); }
  /// Readable from the request on; -1 (which poll ignores) when no descriptor could be had.
  int fd() const { return event_.get(); }

 private:
  struct Raise {
    int fd;
    void operator()() const;
  };

  std::stop_token token_;
  Descriptor event_;
  std::stop_callback<Raise> callback_;
};

}  // namespace crossval
