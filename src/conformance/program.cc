#include "conformance/program.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "protocol/payload.h"

namespace crossval {

using protocol::FrameType;

Result<Engine*> CheckedProgram::engine() {
  if (!engine_) {
    auto made = make_process_engine(options_);
    if (!made) return tl::unexpected(made.error());
    engine_ = *std::move(made);
  }
  return engine_.get();
}

Result<std::unique_ptr<Engine>> CheckedProgram::engine_with(const Settings& more) const {
  ProcessOptions options = options_;
  for (const auto& [key, value] : more) options.settings[key] = value;
  return make_process_engine(options);
}

Result<std::unique_ptr<WorkerProcess>> CheckedProgram::greeted(
    const Settings& more, const std::vector<int>& versions) const {
  auto process = WorkerProcess::start(options_);
  if (!process) return process;
  Settings settings = options_.settings;
  for (const auto& [key, value] : more) settings[key] = value;
  const nlohmann::json hello = {
      {"client", "crossval conformance"},
      {"versions", versions.empty() ? std::vector<int>{protocol::kVersion} : versions},
      {"checksums", {"xxh3-64", "crc-32", "none"}},
      {"settings", settings}};
  const std::string text = hello.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  const auto sent =
      (*process)->send(FrameType::hello, {protocol::bytes_of(std::string_view(text))});
  if (!sent) return tl::unexpected(sent.error());
  return process;
}

Result<std::unique_ptr<WorkerProcess>> CheckedProgram::ready() const {
  auto process = greeted();
  if (!process) return process;
  const auto answer = next_type(**process);
  if (!answer) return tl::unexpected(answer.error());
  if (*answer != FrameType::ready) return fail(ExitCode::engine_failed, "it does not get ready");
  return process;
}

Result<FrameType> next_type(WorkerProcess& process) {
  while (true) {
    const auto frame = process.receive();
    if (!frame) return tl::unexpected(frame.error());
    if (frame->type != FrameType::warning) return frame->type;
  }
}

}  // namespace crossval
