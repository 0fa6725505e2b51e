// The other program: its start, its frames, its last words and its end.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstddef>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/child_process.h"
#include "base/error.h"
#include "base/stop_signal.h"
#include "process/engine.h"
#include "protocol/frame.h"

namespace crossval {

struct Frame {
  protocol::FrameType type{};
  protocol::Bytes payload;  // valid until the next receive
};

class WorkerProcess {
 public:
  static Result<std::unique_ptr<WorkerProcess>> start(const ProcessOptions& options);
  WorkerProcess(const WorkerProcess&) = delete;
  WorkerProcess& operator=(const WorkerProcess&) = delete;
  ~WorkerProcess();

  /// What it calls itself, for messages from now on.
  void rename(std::string name) { name_ = std::move(name); }
  const std::string& name() const { return name_; }

  /// What the program is being asked to do, for messages: "evaluate, position 12".
  void set_phase(std::string phase) { phase_ = std::move(phase); }

  Result<void> send(protocol::FrameType type, std::initializer_list<protocol::Bytes> parts = {});
  Result<Frame> receive();

  /// Gives a program that was told to end time to do so; nothing when it has not.
  std::optional<ChildEnd> await_end(std::chrono::milliseconds patience);

  /// Closes its input and output, as they are closed when this program is killed, and waits for its
  /// end. Whether it came.
  bool hang_up(std::chrono::milliseconds patience);

  /// The program broke the protocol: it is killed, and this is the error from now on.
  tl::unexpected<Error> broken(std::string what, std::string hint = {});

  /// "engine llama.cpp, evaluate, position 12".
  std::string where() const;
  /// What it wrote to its standard error last (process/last_words.h), for a hint.
  std::string last_words();

 private:
  using Clock = std::chrono::steady_clock;
  using Deadline = Clock::time_point;

  WorkerProcess(const ProcessOptions& options, pid_t pid, Descriptor in, Descriptor out,
                Descriptor err);

  Result<void> read_exactly(std::byte* to, size_t count, Deadline deadline);
  Result<void> write_all(protocol::Bytes bytes, Deadline deadline);
  Result<void> wait_for(int fd, short events, Deadline deadline);
  void drain_log();
  void kill();
  tl::unexpected<Error> ended();

  std::string name_;
  std::optional<protocol::Checksum> checksum_;  // of its first frame, and so of all
  std::chrono::milliseconds timeout_;
  StopSignal stop_;
  pid_t pid_;
  std::optional<ChildEnd> end_;  // once reaped
  Descriptor in_, out_, err_;
  std::string phase_ = "start";
  std::string log_tail_;
  std::vector<std::byte> payload_;
  bool inside_frame_ = false;
  std::optional<Error> broken_;
};

}  // namespace crossval
