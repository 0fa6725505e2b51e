// Reads one request on standard input, writes one reply on standard output (docs/prompts.md):
//   {"template": "…", "now": 1700000000, "variables": {"messages": […], …}}
//   {"text": "…"}  or  {"error": "…"}
// Exit status 0 with either reply; anything else means that the process was ended by a limit.
#include <cstdio>
#include <new>
#include <stdexcept>
#include <string>

#include "jinja/lexer.h"
#include "jinja/parser.h"
#include "jinja/runtime.h"
#include "json.h"
#include "limits.h"

namespace {

// llama.cpp's engine wraps what is thrown inside a template in an error of its own, so running out
// of memory is noted where it happens.
bool memory_ran_out = false;

void note_out_of_memory() {
  memory_ran_out = true;
  throw std::bad_alloc();
}

std::string read_request() {
  std::string bytes;
  char chunk[1 << 16];
  while (const size_t got = std::fread(chunk, 1, sizeof chunk, stdin)) {
    if (bytes.size() + got > crossval_jinja::kMaxRequestBytes) {
      throw std::runtime_error("the request is too large");
    }
    bytes.append(chunk, got);
  }
  return bytes;
}

std::string render(const common_json& request) {
  const std::string source = request.at("template").get<std::string>();
  jinja::lexer lexer;
  const auto tokens = lexer.tokenize(source);
  const jinja::program program = jinja::parse_from_tokens(tokens);
  jinja::context context(tokens.source);
  context.current_time = request.at("now").get<int64_t>();
  jinja::global_from_json(context, request.at("variables"), /*mark_input=*/false);
  jinja::runtime runtime(context);
  const std::string text =
      jinja::runtime::gather_string_parts(runtime.execute(program))->as_string().str();
  if (text.size() > crossval_jinja::kMaxTextBytes) throw std::runtime_error("the text is too long");
  return text;
}

// Memory may be gone when this is called, so the reply needs none.
int reply_out_of_memory() {
  std::fputs("{\"error\": \"the template needs more memory than it may have\"}", stdout);
  return 0;
}

}  // namespace

int main() {
  if (!crossval_jinja::apply_limits()) {
    std::fputs("cannot limit this process\n", stderr);
    return 1;
  }
  std::set_new_handler(note_out_of_memory);
  try {
    common_json reply = common_json::object();
    try {
      reply["text"] = render(common_json::parse(read_request()));
    } catch (const std::exception& error) {
      if (memory_ran_out) return reply_out_of_memory();
      reply["error"] = std::string(error.what());
    }
    const std::string bytes = reply.dump_safe();
    return std::fwrite(bytes.data(), 1, bytes.size(), stdout) == bytes.size() ? 0 : 1;
  } catch (const std::bad_alloc&) {
    return reply_out_of_memory();
  }
}
