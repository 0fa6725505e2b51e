// The options that say what the prompt is: the same for every command that takes one.
#pragma once

#include <optional>
#include <string>

#include "base/error.h"
#include "prompt/request.h"

namespace crossval {

class AppOptions;

struct PromptOptions {
  PromptRequest request;
  std::string bos = "auto", special = "auto";
  bool chat = false;  // --prompt-template auto
};

/// They write into `options`, which must outlive `app`.
void add_prompt_options(AppOptions& app, PromptOptions& options);

/// Errors (usage): --chat beside another template, a toggle that is none.
Result<PromptRequest> prompt_request(const PromptOptions& options);

}  // namespace crossval
