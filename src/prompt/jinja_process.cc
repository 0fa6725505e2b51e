#include "prompt/jinja_process.h"

#include <signal.h>

#include <cstdlib>
#include <nlohmann/json.hpp>

#include "base/run_program.h"
#include "prompt/conversation.h"

namespace crossval {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kRebuild =
    "Is it crossval-jinja? scripts/reference.sh jinja builds it; CROSSVAL_JINJA names another.";

// The variables are Hugging Face's: absent tools and documents are null, not undefined.
std::string make_request(const TemplateInput& input) {
  Json variables = {{"messages", Json::parse(input.messages_json)},
                    {"tools", Json::parse(input.tools_json)},
                    {"documents", Json::parse(input.documents_json)},
                    {"add_generation_prompt", input.add_generation_prompt},
                    {"bos_token", input.bos_token},
                    {"eos_token", input.eos_token}};
  variables.update(Json::parse(input.kwargs_json));
  const Json request = {{"template", input.source}, {"now", input.now}, {"variables", variables}};
  return request.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string why_it_ended(const ProgramResult& result) {
  if (result.timed_out) return "it takes too long";
  if (result.too_much_output) return "it writes too much";
  if (result.signal == SIGXCPU || result.signal == SIGKILL)
    return "it needs too much processor time";
  if (result.signal == SIGSEGV) return "it nests or recurses too deeply";
  return "the renderer was ended by signal " + std::to_string(result.signal);
}

// The engine's message shows the place between two rules of dashes.
std::string tidy(std::string message) {
  const size_t begin = message.find_first_not_of("\n- ");
  return begin == std::string::npos ? message : message.substr(begin);
}

Result<std::string> render(const std::string& path, const std::stop_token& stop,
                           std::chrono::milliseconds timeout, const TemplateInput& input) {
  std::vector<std::string> environment;
  if (const char* zone = std::getenv("TZ")) environment.push_back(std::string("TZ=") + zone);
  const auto result =
      run_program({path}, environment, make_request(input), {.timeout = timeout, .stop = stop});
  if (!result) return tl::unexpected(result.error());
  if (result->timed_out || result->too_much_output || result->signal != 0) {
    return fail(ExitCode::bad_input_file,
                "the chat template cannot be rendered: " + why_it_ended(*result));
  }
  if (result->exit_status != 0) {  // a template's faults are replies
    return fail(
        ExitCode::engine_failed,
        "the template renderer failed with status " + std::to_string(result->exit_status) +
            (result->error_tail.empty() ? " and said nothing" : ": " + trimmed(result->error_tail)),
        path, kRebuild);
  }
  const Json reply = Json::parse(result->out, nullptr, /*allow_exceptions=*/false);
  if (reply.is_object() && reply.contains("text") && reply["text"].is_string()) {
    return reply["text"].get<std::string>();
  }
  if (reply.is_object() && reply.contains("error") && reply["error"].is_string()) {
    return fail(ExitCode::bad_input_file,
                "the chat template cannot be rendered: " + tidy(reply["error"].get<std::string>()));
  }
  return fail(ExitCode::engine_failed, "the template renderer's reply is no reply", path, kRebuild);
}

}  // namespace

TemplateRenderer jinja_process(std::string path, std::stop_token stop,
                               std::chrono::milliseconds timeout) {
  return [path = std::move(path), stop = std::move(stop), timeout](const TemplateInput& input) {
    return render(path, stop, timeout, input);
  };
}

}  // namespace crossval
