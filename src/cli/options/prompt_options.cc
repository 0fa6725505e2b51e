#include "cli/options/prompt_options.h"

#include "cli/options/app_options.h"

namespace crossval {

void add_prompt_options(AppOptions& app, PromptOptions& options) {
  const std::string group = "Prompt (exactly one of -p, -f, --messages, --tokens)";
  PromptRequest& request = options.request;
  const auto add = [&](const char* names, auto& value, const char* help, const char* type) {
    return app.add_option(names, value, help)->group(group)->type_name(type);
  };
  add("-p,--prompt", request.text, "the text, byte for byte", "TEXT");
  add("-f,--file", request.file, "a file, byte for byte; - is standard input", "FILE");
  add("--messages", request.messages_file, "a conversation or a request's body (docs/prompts.md)",
      "FILE.json");
  add("--tokens", request.token_ids, "ids; nothing is tokenised", "1,2,3");
  add("--system-prompt", request.system, "a system message in front", "TEXT");
  add("--prompt-template", request.template_name,
      "raw (default for text), auto (the model's own), instruct, chatml, llama3-chat or a "
      "FILE.jinja",
      "TEMPLATE");
  app.add_flag("--chat", options.chat, "the model's chat template: --prompt-template auto")
      ->group(group);
  add("--chat-template-kwargs", request.kwargs,
      "variables for the Jinja template, '{\"enable_thinking\": false}'", "JSON");
  add("--bos", options.bos, "add a BOS; auto (default): as the model file says", "auto|on|off");
  add("--special", options.special,
      "read text like <|im_end|> as its token; auto (default): in templates", "auto|on|off");
}

Result<PromptRequest> prompt_request(const PromptOptions& options) {
  PromptRequest request = options.request;
  if (options.chat) {
    if (!request.template_name.empty() && request.template_name != "auto") {
      return fail(ExitCode::usage, "--chat and --prompt-template " + request.template_name +
                                       " ask for different forms");
    }
    request.template_name = "auto";
  }
  const auto bos = parse_toggle("--bos", options.bos);
  if (!bos) return tl::unexpected(bos.error());
  const auto special = parse_toggle("--special", options.special);
  if (!special) return tl::unexpected(special.error());
  request.bos = *bos;
  request.special = *special;
  return request;
}

}  // namespace crossval
