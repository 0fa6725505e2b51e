#include "process/engine.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/utf8.h"
#include "engine/info_json.h"
#include "engine/stored_row.h"
#include "process/worker_process.h"
#include "protocol/answers.h"
#include "protocol/frame.h"
#include "protocol/payload.h"
#include "protocol/request.h"

namespace crossval {
namespace {

using protocol::bytes_of;
using protocol::FrameType;
using protocol::PayloadReader;

constexpr std::chrono::seconds kGoodbye{1};                 // for an engine that is told to end
constexpr size_t kWarnings = 16;                            // of one engine that are shown
constexpr size_t kWarningName = 40, kWarningMessage = 400;  // bytes
constexpr int kWarningsInARow = 1000;

void shorten(std::string& text, size_t bytes) {
  if (text.size() <= bytes) return;
  text.resize(bytes);
  text.resize(bytes - incomplete_utf8_tail(text));
  text += "…";
}

class ProcessEngine : public Engine {
 public:
  explicit ProcessEngine(std::unique_ptr<WorkerProcess> worker) : worker_(std::move(worker)) {}

  ~ProcessEngine() override {
    // The polite way first; the process is killed in any case.
    if (const auto sent = worker_->send(FrameType::shutdown); sent) worker_->await_end(kGoodbye);
  }

  Result<void> greet(const ProcessOptions& options) {
    const nlohmann::json hello = {{"client", "crossval " CROSSVAL_VERSION},
                                  {"versions", {protocol::kVersion}},
                                  {"checksums", {"xxh3-64", "crc-32", "none"}},
                                  {"settings", options.settings}};
    const std::string text = hello.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
    if (auto ok = worker_->send(FrameType::hello, {bytes_of(text)}); !ok) return ok;
    const auto frame = expect(FrameType::ready);
    if (!frame) return tl::unexpected(frame.error());
    auto info = parse_engine_info(PayloadReader(frame->payload).rest_text());
    if (!info) return worker_->broken("introduced itself badly: " + info.error().what);
    info->warnings = std::move(info_.warnings);  // what came before it
    info_ = std::move(*info);
    if (auto ok = complete(options.settings); !ok) return ok;
    std::vector<std::string>& environment = info_.settings.environment;
    environment.insert(environment.end(), options.environment.begin(), options.environment.end());
    return {};
  }

  const EngineInfo& info() const override { return info_; }

  Result<std::vector<TokenId>> tokenize(std::string_view text,
                                        const TokenizeOptions& options) override {
    worker_->set_phase("tokenise");
    if (auto ok = has_vocabulary(); !ok) return tl::unexpected(ok.error());
    if (text.size() >= protocol::kMaxPayload) {
      return fail(ExitCode::usage, fmt::format("a text of {} bytes is too long", text.size()),
                  worker_->where());
    }
    const uint8_t flags =
        static_cast<uint8_t>((options.add_special ? protocol::kAddSpecial : 0) |
                             (options.parse_special ? protocol::kParseSpecial : 0));
    const auto frame =
        ask(FrameType::tokenize, {bytes_of(std::span<const uint8_t>(&flags, 1)), bytes_of(text)},
            FrameType::ids);
    if (!frame) return tl::unexpected(frame.error());
    std::vector<TokenId> ids;
    if (!protocol::parse_ids(frame->payload, ids)) return malformed(*frame);
    return ids;
  }

  Result<std::vector<std::string>> pieces(std::span<const TokenId> ids) override {
    if (auto ok = has_vocabulary(); !ok) return tl::unexpected(ok.error());
    worker_->set_phase("pieces");
    const auto frame = ask(FrameType::pieces, {bytes_of(ids)}, FrameType::piece_bytes);
    if (!frame) return tl::unexpected(frame.error());
    std::vector<std::string> pieces;
    if (!protocol::parse_pieces(frame->payload, ids.size(), pieces)) return malformed(*frame);
    return pieces;
  }

  Result<bool> is_end_of_generation(TokenId id) override {
    if (!info_.capabilities.tokenize) return false;
    worker_->set_phase("end of generation");
    const auto frame =
        ask(FrameType::is_end_of_generation, {bytes_of(std::span<const TokenId>(&id, 1))},
            FrameType::end_of_generation);
    if (!frame) return tl::unexpected(frame.error());
    bool answer = false;
    if (!protocol::parse_flag(frame->payload, answer)) return malformed(*frame);
    return answer;
  }

 private:
  // What every engine has to say of itself, and what is known without its saying so.
  Result<void> complete(const std::map<std::string, std::string>& asked) {
    const auto setting = [&](const char* key) {
      const auto found = asked.find(key);
      return found == asked.end() ? std::string() : found->second;
    };
    EngineSettings& settings = info_.settings;
    if (settings.n_ctx < 1 && setting("tokens_only") != "1") {
      return worker_->broken("introduced itself badly: its n_ctx, the positions that fit, is " +
                             std::to_string(settings.n_ctx));
    }
    if (settings.model_path.empty()) settings.model_path = setting("model");
    if (info_.identity.name.empty()) info_.identity.name = worker_->name();
    worker_->rename(info_.identity.name);
    return {};
  }

  Result<Outcome> compute_rows(const EvaluateRequest& request, const RowSink& sink) override {
    at_position(request.first);
    auto sent = worker_->send(FrameType::evaluate,
                              {protocol::head_of(request).bytes(), bytes_of(request.ids)});
    if (!sent) return tl::unexpected(sent.error());
    const int32_t end = request.first + static_cast<int32_t>(request.ids.size());
    for (int32_t due = request.rows == Rows::last ? end - 1 : request.first;;) {
      const auto frame = receive();
      if (!frame) return tl::unexpected(frame.error());
      if (frame->type == FrameType::done) return finish(*frame, due, end);
      if (frame->type != row_frame(content())) return unexpected(*frame);
      const auto row = take_row(*frame, due, end);
      if (!row) return tl::unexpected(row.error());
      const bool go_on = sink(due, *row);
      at_position(++due);
      if (!go_on) return cancel();
    }
  }

  Result<Outcome> compute_tensors(const TraceRequest& request, const TensorSink& sink) override {
    worker_->set_phase("trace");
    auto sent = worker_->send(FrameType::trace,
                              {protocol::head_of(request).bytes(), bytes_of(request.ids)});
    if (!sent) return tl::unexpected(sent.error());
    const int32_t end = request.first + static_cast<int32_t>(request.ids.size());
    TraceTensor tensor;
    while (true) {
      const auto frame = receive();
      if (!frame) return tl::unexpected(frame.error());
      if (frame->type == FrameType::done) return finish(*frame, end, end);
      if (frame->type == FrameType::sources) {
        if (!protocol::parse_sources(frame->payload, tensor)) return malformed(*frame);
        continue;
      }
      if (frame->type != tensor_frame(content())) return unexpected(*frame);
      const bool whole = frame->type == FrameType::tensor
                             ? protocol::parse_tensor(frame->payload, end, tensor, values_)
                             : protocol::parse_tensor_hashes(frame->payload, end, tensor, hashes_);
      if (!whole) return malformed(*frame);
      if (!sink(tensor)) return cancel();
      tensor = {};
    }
  }

  // A request with one frame as its answer.
  Result<Frame> ask(FrameType request, std::initializer_list<protocol::Bytes> parts,
                    FrameType answer) {
    if (auto ok = worker_->send(request, parts); !ok) return tl::unexpected(ok.error());
    return expect(answer);
  }

  // The next frame that is no warning.
  Result<Frame> receive() {
    for (int warnings = 0;; ++warnings) {
      auto frame = worker_->receive();
      if (!frame || frame->type != FrameType::warning) return frame;
      auto warning = parse_engine_warning(PayloadReader(frame->payload).rest_text());
      if (!warning) return worker_->broken("warned badly: " + warning.error().what);
      if (warnings == kWarningsInARow) return worker_->broken("does nothing but warn");
      take_warning(*std::move(warning));
    }
  }

  Result<Frame> expect(FrameType answer) {
    auto frame = receive();
    if (frame && frame->type != answer) return unexpected(*frame);
    return frame;
  }

  // Each once, few and short: an engine may say anything.
  void take_warning(EngineWarning warning) {
    std::vector<EngineWarning>& all = info_.warnings;
    shorten(warning.name, kWarningName);
    shorten(warning.message, kWarningMessage);
    const bool known = std::ranges::any_of(all, [&](const EngineWarning& other) {
      return other.name == warning.name && other.message == warning.message;
    });
    if (known || all.size() > kWarnings) return;
    if (all.size() == kWarnings) {
      warning = {"more-warnings", "the engine warns about more than is shown here"};
    }
    all.push_back(std::move(warning));
  }

  // An error frame becomes that error; anything else breaks the protocol.
  tl::unexpected<Error> unexpected(const Frame& frame) {
    if (frame.type != FrameType::error) {
      const char* name = protocol::name_of(frame.type);
      return worker_->broken(
          name != nullptr
              ? fmt::format("sent a frame that is out of turn: {}", name)
              : fmt::format("sent a frame of unknown type {}", static_cast<int>(frame.type)));
    }
    auto error = parse_engine_error(PayloadReader(frame.payload).rest_text());
    if (!error) return worker_->broken("reported an error badly: " + error.error().what);
    error->where = worker_->where() + (error->where.empty() ? "" : ", " + error->where);
    if (const std::string words = worker_->last_words();
        !words.empty() && error->code != ExitCode::usage) {
      error->hint += (error->hint.empty() ? "" : "\n") + words;
    }
    return tl::unexpected(std::move(*error));
  }

  tl::unexpected<Error> malformed(const Frame& frame) {
    return worker_->broken(fmt::format("sent a malformed {} frame of {} bytes",
                                       protocol::name_of(frame.type), frame.payload.size()));
  }

  // What ready said of the rows.
  RowContent content() const { return rows_of(info_.settings); }

  // The row of the position that is due, which views row_.
  Result<Row> take_row(const Frame& frame, int32_t due, int32_t end) {
    int32_t position = -1;
    const bool whole = row_.parse(frame.type, frame.payload, info_.settings.n_vocab, position);
    if (due == end) {
      return worker_->broken(
          fmt::format("sent a row for position {} after the last one", position));
    }
    if (!whole && frame.type == FrameType::row) {
      return worker_->broken(fmt::format(
          "sent a row frame of {} bytes; a position and {} logits are {}", frame.payload.size(),
          info_.settings.n_vocab, (info_.settings.n_vocab + 1) * sizeof(float)));
    }
    if (!whole) return malformed(frame);
    if (position != due) {
      return worker_->broken(
          fmt::format("sent the row of position {} instead of {}", position, due));
    }
    return row_.view();
  }

  // An engine stops when it is asked to, and not before.
  Result<Outcome> finish(const Frame& frame, int32_t due, int32_t end) {
    Outcome outcome{};
    if (!protocol::parse(frame.payload, outcome)) return malformed(frame);
    if (outcome == Outcome::stopped) return worker_->broken("stopped without being asked to");
    if (due == end) return Outcome::complete;
    return worker_->broken(fmt::format("ended the evaluation {} rows early", end - due));
  }

  // Rows and tensors under way when the request reaches the engine are dropped.
  Result<Outcome> cancel() {
    if (auto ok = worker_->send(FrameType::cancel); !ok) return tl::unexpected(ok.error());
    while (true) {
      const auto frame = receive();
      if (!frame) return tl::unexpected(frame.error());
      if (Outcome ignored{}; frame->type == FrameType::done) {  // it may have been faster
        if (!protocol::parse(frame->payload, ignored)) return malformed(*frame);
        return Outcome::stopped;
      }
      if (frame->type != row_frame(content()) && frame->type != tensor_frame(content()) &&
          frame->type != FrameType::sources) {
        return unexpected(*frame);
      }
    }
  }

  void at_position(int32_t position) {
    worker_->set_phase(fmt::format("evaluate, position {}", position));
  }

  // llama.cpp ends itself when it is asked for a token that no vocabulary has.
  Result<void> has_vocabulary() const {
    if (info_.capabilities.tokenize) return {};
    return fail(ExitCode::usage, "the engine has no vocabulary", worker_->where(),
                "Give token ids with --tokens.");
  }

  std::unique_ptr<WorkerProcess> worker_;

  EngineInfo info_;
  // What is handed out.
  StoredRow row_;
  std::vector<float> values_;
  std::vector<uint64_t> hashes_;
};

}  // namespace

Result<std::unique_ptr<Engine>> make_process_engine(const ProcessOptions& options) {
  auto worker = WorkerProcess::start(options);
  if (!worker) return tl::unexpected(worker.error());
  auto engine = std::make_unique<ProcessEngine>(std::move(*worker));
  if (auto ok = engine->greet(options); !ok) return tl::unexpected(ok.error());
  return engine;
}

Result<std::unique_ptr<Engine>> make_llama_engine(LlamaOptions options) {
  return make_process_engine({.name = "llama.cpp",
                              .arguments = {options.worker_path},
                              .settings = std::move(options.settings),
                              .environment = std::move(options.environment),
                              .timeout = options.timeout,
                              .stop = std::move(options.stop)});
}

}  // namespace crossval
