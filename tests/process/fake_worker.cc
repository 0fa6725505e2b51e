// An engine that does one thing wrong: the first argument says which (process/engine_test.cc).
//
// Vocabulary 4, context 16; the row of position p is {p, p + 0.25, p + 0.5, p + 0.75}.
#include <signal.h>
#include <unistd.h>

#include <array>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <limits>
#include <string>
#include <vector>

#include "protocol/frame.h"
#include "protocol/payload.h"
#include "protocol/request.h"

namespace {

using namespace crossval::protocol;

std::string mode;

void write_raw(Bytes bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::write(STDOUT_FILENO, bytes.data(), bytes.size());
    if (sent <= 0) std::_Exit(9);
    bytes = bytes.subspan(static_cast<size_t>(sent));
  }
}

void send(FrameType type, Bytes payload = {}) {
  const Bytes parts[] = {payload};
  const Checksum checksum = mode.starts_with("crc32") ? Checksum::crc32
                            : mode == "unchecked"     ? Checksum::none
                                                      : Checksum::xxh3;
  write_raw(make_header(type, parts, checksum));
  write_raw(payload);
}

void read_raw(std::byte* to, size_t count) {
  while (count > 0) {
    const ssize_t got = ::read(STDIN_FILENO, to, count);
    if (got <= 0) std::_Exit(0);
    to += got;
    count -= static_cast<size_t>(got);
  }
}

struct Request {
  FrameType type;
  std::vector<std::byte> payload;
};

Request receive() {
  HeaderBytes bytes{};
  Header header;
  read_raw(bytes.data(), bytes.size());
  if (read_header(bytes, header) != HeaderProblem::none) std::_Exit(8);
  std::vector<std::byte> payload(header.length);
  read_raw(payload.data(), payload.size());
  if (mode == "crc32" && header.type != FrameType::hello &&
      !checksum_matches(bytes, payload, Checksum::crc32)) {
    std::_Exit(6);
  }
  return {header.type, std::move(payload)};
}

[[noreturn]] void hang() {
  while (true) ::pause();
}

void say(const char* text) { std::fputs(text, stderr); }

// Misdeeds that may happen anywhere. True when the mode was one of them and the program goes on.
void misbehave(const std::string& what) {
  if (what == "hang") hang();
  if (what == "exit") {
    say("loading\nmatrix 7 is broken\n");
    std::_Exit(3);
  }
  if (what == "crash") {
    say("matrix 7 is broken\n");
    ::signal(SIGSEGV, SIG_DFL);
    ::raise(SIGSEGV);
  }
  if (what == "assert") {  // as llama.cpp does: the failed check, then a backtrace
    say("loading\n/b/llama.cpp:71: GGML_ASSERT(n > 0) failed\n");
    for (int frame = 0; frame < 400; ++frame) {
      std::fprintf(stderr, "#%d  0x000055650892a0a1 in std::function<void (%0200d)> ()\n", frame,
                   0);
    }
    ::raise(SIGABRT);
  }
  if (what == "close") {
    ::close(STDOUT_FILENO);
    hang();
  }
  if (what == "garbage") write_raw(bytes_of(std::string_view("Welcome to the engine!\n")));
  HeaderBytes header = make_header(FrameType::done, {});
  if (what == "version") header[4] = std::byte{9};
  if (what == "version-1") header[4] = std::byte{1};  // which hello alone has by now
  if (what == "huge") header[11] = std::byte{0xff};
  if (what == "checksum") header[15] ^= std::byte{1};
  if (what == "truncate") {
    write_raw(Bytes(header).first(7));
    std::_Exit(0);
  }
  if (what == "dribble") {
    for (size_t i = 0; i < 1000; ++i) {
      write_raw(Bytes(header).subspan(0, 1));
      ::usleep(200000);
    }
  }
  if (what == "unknown") header = make_header(static_cast<FrameType>(77), {});
  if (what == "out-of-turn") header = make_header(FrameType::hello, {});
  write_raw(header);
}

void send_row(int32_t position, size_t width = 4) {
  std::vector<float> row;
  for (size_t i = 0; i < width; ++i) row.push_back(static_cast<float>(position) + 0.25F * i);
  if (mode == "nan")
    row = {std::nanf("0x123"), -0.0F, std::numeric_limits<float>::infinity(), 1.0F};
  send(FrameType::row,
       PayloadWriter().put(position).put(bytes_of(std::span<const float>(row))).bytes());
}

void send_done(crossval::Outcome outcome = crossval::Outcome::complete) {
  if (mode == "unasked-stop") outcome = crossval::Outcome::stopped;
  send(FrameType::done, payload_of(outcome).bytes());
}

void evaluate(const Request& request) {
  crossval::EvaluateRequest asked;
  std::vector<int32_t> ids;
  if (!parse(request.payload, asked, ids)) std::_Exit(7);
  const int32_t end = asked.first + static_cast<int32_t>(ids.size());
  const bool last = asked.rows == crossval::Rows::last && mode != "all-rows";
  for (int32_t p = last ? end - 1 : asked.first; p < end; ++p) {
    if (p == 2 && mode == "short-row") send_row(p, 3);
    if (p == 2 && mode == "wide-row") send_row(p, 5);
    if (p == 2 && mode == "skip-row") continue;
    if (p == 2 && mode == "early") break;
    if (p == 2 && mode.starts_with("mid-")) misbehave(mode.substr(4));
    if (p == 2 && mode == "crc32-no-more") mode = "unchecked";
    send_row(p);
  }
  if (mode == "extra-row") send_row(end);
  if (mode == "bare-done") return send(FrameType::done);
  send_done();
}

// Rows until crossval says stop.
void evaluate_slowly(const Request& request) {
  send_row(0);
  while (receive().type != FrameType::cancel) {
  }
  send_row(1);
  send_done(crossval::Outcome::stopped);
  (void)request;
}

void trace(const Request& request) {
  crossval::TraceRequest asked;
  std::vector<int32_t> ids;
  if (!parse(request.payload, asked, ids)) std::_Exit(7);
  if (!asked.selection.wants("kq-0", "MUL_MAT", 0) && mode != "trace-all") return send_done();
  const std::string_view name = mode == "trace-name" ? "a name that is too long" : "kq-0";
  const std::array<float, 4> values = {1, 2, 3, 4};
  if (mode != "no-sources") {
    PayloadWriter sources;
    for (const std::string_view text : {"blk.0.k.weight", "Qcur-0 ROPE", "Kcur-0 ROPE"})
      sources.put(static_cast<uint32_t>(text.size())).put(text);
    if (mode == "trace-sources") sources.put(uint32_t{5});  // and no text
    send(FrameType::sources, sources.bytes());
  }
  PayloadWriter tensor;
  tensor.put(int32_t{0}).put(int32_t{0}).put(int32_t{mode == "trace-position" ? 7 : 1});
  tensor.put(int32_t{1}).put(int64_t{mode == "trace-width" ? int64_t{1} << 60 : 4}).put(int64_t{2});
  tensor.put(uint32_t{4}).put(uint32_t{7}).put(name).put(std::string_view("MUL_MAT"));
  send(FrameType::tensor, tensor.put(bytes_of(std::span<const float>(values))).bytes());
  send_done();
}

void warn(const std::string& text) { send(FrameType::warning, bytes_of(std::string_view(text))); }

void warn_about(const std::string& message) {
  warn(R"({"name": "engine-warning", "message": ")" + message + R"("})");
}

void introduce() {
  if (mode == "warns") {
    warn_about("no pre-tokenizer");
    warn_about("no pre-tokenizer");
    warn_about(R"(one line\n\u001b[31mof many)");
    warn_about(std::string(399, 'x') + "\u00e4and more");
  }
  for (int i = 0; mode == "warns-much" && i < 40; ++i) warn_about("number " + std::to_string(i));
  while (mode == "warns-on") warn_about("again");
  if (mode == "warns-badly") warn(R"({"message": 7})");
  // A child of its own, which must not outlive the engine.
  const pid_t child = mode == "family" ? ::fork() : 1;
  if (child == 0) hang();
  std::string text = R"({"identity": {"name": "fake", "version": ")" + std::to_string(child) +
                     R"("}, "settings": {"n_vocab": 4, "n_ctx": 16, "kv_type_k": "f32"},)" +
                     R"("capabilities": {"tokenize": true, "all_logits": true, "decode": true,)" +
                     R"("trace": true}})";
  if (mode == "place") {  // where it works, and with what
    std::array<char, 4096> folder{};
    text = std::string(R"({"identity": {"name": "placed", "version": ")") +
           ::getcwd(folder.data(), folder.size()) + R"(", "build": ")" +
           std::getenv("CROSSVAL_TEST_PLACE") + R"("}, "settings": {"n_vocab": 4, "n_ctx": 16}})";
  }
  if (mode == "no-context") text = R"({"settings": {"n_vocab": 4}})";
  if (mode == "learned") text = R"({"settings": {"n_vocab": 4, "n_ctx": 16, "n_ctx_learned": 16}})";
  if (mode == "no-json") text = "I am an engine";
  if (mode == "no-vocab") text = R"({"settings": {"n_vocab": 0}})";
  if (mode == "huge-number") text = R"({"settings": {"n_vocab": 4, "n_ctx": 1e99}})";
  if (mode == "bad-type") text = R"({"settings": {"n_vocab": "four"}})";
  send(FrameType::ready, bytes_of(std::string_view(text)));
}

void answer(const Request& request) {
  PayloadReader reader(request.payload);
  switch (request.type) {
    case FrameType::tokenize:
      return send(FrameType::ids, Bytes(request.payload).first(mode == "odd-ids" ? 3 : 4));
    case FrameType::pieces:
      if (mode == "short-piece")
        return send(FrameType::piece_bytes, PayloadWriter().put(99U).bytes());
      return send(FrameType::piece_bytes,
                  PayloadWriter().put(2U).put(std::string_view("ab")).put(0U).bytes());
    case FrameType::is_end_of_generation:
      return send(FrameType::end_of_generation, Bytes(request.payload).first(1));
    case FrameType::evaluate:
      if (mode == "warns") warn_about("later");
      if (mode == "usage" || mode == "input") {
        const std::string text =
            R"({"kind": ")" + mode + R"(", "what": "no\nthing", "hint": "do"})";
        return send(FrameType::error, bytes_of(std::string_view(text)));
      }
      return mode == "cancel" ? evaluate_slowly(request) : evaluate(request);
    case FrameType::trace:
      return trace(request);
    default:
      std::_Exit(0);
  }
}

}  // namespace

int main(int argc, char** argv) {
  mode = argc > 1 ? argv[1] : "good";
  if (mode == "deaf") {
    introduce();
    hang();
  }
  const Request hello = receive();
  if (mode.starts_with("start-")) misbehave(mode.substr(6));
  introduce();
  while (true) answer(receive());
}
