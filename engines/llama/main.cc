// crossval-llama-worker: answers crossval's requests with llama.cpp (docs/protocol.md). Standard
// input and output carry frames; logs go to standard error.
#include <algorithm>
#include <cstdlib>
#include <exception>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "api.h"
#include "environment.h"
#include "failure.h"
#include "identity.h"
#include "log.h"
#include "options.h"
#include "protocol/answers.h"
#include "protocol/payload.h"
#include "protocol/request.h"
#include "session.h"
#include "wire.h"

namespace crossval_llama {
namespace {

namespace protocol = crossval::protocol;
using protocol::bytes_of;
using protocol::FrameType;
using protocol::PayloadReader;

constexpr size_t kTensorFrameBytes = 16 << 20;  // a larger tensor goes out some positions at a time

void send_error(Wire& wire, const std::string& kind, const std::string& what,
                const std::string& hint = {}) {
  const nlohmann::json error = {{"kind", kind}, {"what", what}, {"hint", hint}};
  const std::string text = error.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  wire.send(FrameType::error, {bytes_of(text)});
}

Options read_hello(const Request& request) {
  if (request.type != FrameType::hello) throw Failure("engine", "the first frame must be hello");
  const auto json = nlohmann::json::parse(PayloadReader(request.payload).rest_text());
  const auto versions = json.value("versions", std::vector<int>{protocol::kHelloVersion});
  if (std::ranges::find(versions, protocol::kVersion) == versions.end()) {
    std::string spoken;
    for (const int version : versions) {
      spoken += (spoken.empty() ? "" : " and ") + std::to_string(version);
    }
    throw Failure("usage",
                  "crossval speaks version " + spoken + " of the engine protocol, this worker " +
                      std::to_string(protocol::kVersion),
                  "Rebuild the worker, or use the crossval that it was built for.");
  }
  return parse_options(json.at("settings").get<std::map<std::string, std::string>>(),
                       build_profile());
}

[[noreturn]] void refuse_malformed() { throw Failure("engine", "the request is malformed"); }

std::vector<llama_token> rest_ids(PayloadReader& reader) {
  std::vector<llama_token> ids;
  if (!reader.get_rest(reader.left() / sizeof(llama_token), ids)) {
    refuse_malformed();
  }
  return ids;
}

// The last frame of an answer, behind what llama.cpp has warned about meanwhile.
void send_last(Wire& wire, FrameType type, std::initializer_list<protocol::Bytes> parts = {}) {
  for (const Warning& warning : take_warnings()) {
    const nlohmann::json json = {{"name", warning.name}, {"message", warning.message}};
    const std::string text = json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
    wire.send(FrameType::warning, {bytes_of(text)});
  }
  wire.send(type, parts);
}

void tokenize(Wire& wire, Session& session, PayloadReader reader) {
  uint8_t flags = 0;
  if (!reader.get(flags)) refuse_malformed();
  const auto ids = session.tokenize(reader.rest_text(), (flags & protocol::kAddSpecial) != 0,
                                    (flags & protocol::kParseSpecial) != 0);
  send_last(wire, FrameType::ids, {bytes_of(std::span<const llama_token>(ids))});
}

void pieces(Wire& wire, Session& session, PayloadReader reader) {
  std::vector<std::string> pieces;
  for (const llama_token id : rest_ids(reader)) pieces.push_back(session.piece(id));
  send_last(wire, FrameType::piece_bytes, {protocol::payload_of(pieces).bytes()});
}

void end_of_generation(Wire& wire, Session& session, PayloadReader reader) {
  llama_token id = -1;
  if (!reader.get(id)) refuse_malformed();
  const uint8_t answer = session.is_end_of_generation(id) ? 1 : 0;
  send_last(wire, FrameType::end_of_generation, {bytes_of(std::span<const uint8_t>(&answer, 1))});
}

void evaluate(Wire& wire, Session& session, protocol::Bytes payload) {
  crossval::EvaluateRequest request;
  std::vector<llama_token> ids;
  if (!protocol::parse(payload, request, ids)) refuse_malformed();
  const auto send_row = [&](int32_t position, std::span<const float> row) {
    wire.send(FrameType::row, {bytes_of(std::span<const int32_t>(&position, 1)), bytes_of(row)});
  };
  const crossval::Outcome outcome = session.evaluate(request, send_row);
  send_last(wire, FrameType::done, {protocol::payload_of(outcome).bytes()});
}

void send_tensor(Wire& wire, const TracedNode& node) {
  const auto row = static_cast<size_t>(node.rows.width) * sizeof(float);
  const auto step = static_cast<int64_t>(std::max<size_t>(1, kTensorFrameBytes / row));
  const std::span<const float> values(node.rows.values);
  for (int64_t at = 0; at < node.rows.positions; at += step) {
    const int64_t count = std::min(step, node.rows.positions - at);
    const crossval::TraceTensor tensor = {
        .name = node.name,
        .op = node.op,
        .occurrence = node.occurrence,
        .layer = node.layer,
        .first_position = static_cast<int32_t>(node.first_position + at),
        .positions = static_cast<int32_t>(count),
        .width = node.rows.width,
        .heads = node.rows.heads,
        .weight = node.sources.weight,
        .inputs = node.sources.inputs,
        .data = values.subspan(static_cast<size_t>(at * node.rows.width),
                               static_cast<size_t>(count * node.rows.width))};
    wire.send(FrameType::sources, {protocol::sources_of(tensor).bytes()});
    wire.send(FrameType::tensor, {protocol::head_of(tensor).bytes(), bytes_of(tensor.data)});
  }
}

void trace(Wire& wire, Session& session, protocol::Bytes payload) {
  crossval::TraceRequest request;
  std::vector<llama_token> ids;
  if (!protocol::parse(payload, request, ids)) refuse_malformed();
  const crossval::Outcome outcome =
      session.trace(request, [&](const TracedNode& node) { send_tensor(wire, node); });
  send_last(wire, FrameType::done, {protocol::payload_of(outcome).bytes()});
}

void answer(Wire& wire, Session& session, const Request& request) {
  const PayloadReader reader(request.payload);
  switch (request.type) {
    case FrameType::tokenize:
      return tokenize(wire, session, reader);
    case FrameType::pieces:
      return pieces(wire, session, reader);
    case FrameType::is_end_of_generation:
      return end_of_generation(wire, session, reader);
    case FrameType::evaluate:
      return evaluate(wire, session, request.payload);
    case FrameType::trace:
      return trace(wire, session, request.payload);
    default:
      throw Failure("engine", "a frame of type " + std::to_string(static_cast<int>(request.type)) +
                                  " is no request");
  }
}

// Calls f; what it throws becomes an error frame. False then.
template <class F>
bool reported(Wire& wire, F f) {
  try {
    f();
    return true;
  } catch (const Failure& failure) {
    send_error(wire, failure.kind, failure.what(), failure.hint);
  } catch (const std::exception& error) {
    send_error(wire, "engine", error.what());
  }
  return false;
}

int serve(Wire& wire) {
  std::unique_ptr<Backend> backend;
  std::unique_ptr<Session> session;
  const bool ready = reported(wire, [&] {
    const Options options = read_hello(wire.next());
    if (options.canonical()) set_canonical_environment();
    context_was_asked_for(options.n_ctx.has_value());
    capture_log();
    backend = std::make_unique<Backend>();
    session = std::make_unique<Session>(options, [&wire] { return wire.cancel_asked(); });
    warn_about_settings(options, *session);
    send_last(wire, FrameType::ready, {bytes_of(describe(options, *session))});
  });
  if (!ready) return 1;
  while (true) {
    const Request request = wire.next();
    if (request.type == FrameType::shutdown) return 0;
    wire.forget_cancel();
    reported(wire, [&] { answer(wire, *session, request); });
  }
}

}  // namespace
}  // namespace crossval_llama

int main() {
  crossval_llama::Wire wire;
  return crossval_llama::serve(wire);
}
