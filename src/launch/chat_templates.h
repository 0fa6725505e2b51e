// Executes chat templates, with the program that scripts/reference.sh builds for it.
#pragma once

#include <string>

#include "launch/launch.h"
#include "prompt/template_renderer.h"

namespace crossval {

class ChatTemplates {
 public:
  /// As TemplateRenderer has it. The program is looked for, and built, at the first template.
  Result<std::string> render(const TemplateInput& input, const Launch& launch);

 private:
  std::string program_;
};

}  // namespace crossval
