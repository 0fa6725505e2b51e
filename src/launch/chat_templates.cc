#include "launch/chat_templates.h"

#include <utility>

#include "launch/reference/program.h"
#include "prompt/jinja_process.h"

namespace crossval {

Result<std::string> ChatTemplates::render(const TemplateInput& input, const Launch& launch) {
  if (program_.empty()) {
    auto found = jinja_renderer(launch);
    if (!found) return tl::unexpected(found.error());
    program_ = *std::move(found);
  }
  return jinja_process(program_, launch.stop)(input);
}

}  // namespace crossval
