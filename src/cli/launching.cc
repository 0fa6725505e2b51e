#include "cli/launching.h"

#include <cstdio>
#include <utility>

#include "launch/chat_templates.h"

namespace crossval {

Launch launch_from(const Console& console, const OpenedFiles& files, std::stop_token stop) {
  return {.files = files,
          .messages = console.quiet ? -1 : fileno(console.err),
          .stop = std::move(stop)};
}

TemplateRenderer template_renderer(const Console& console) {
  return [&console, templates = ChatTemplates()](const TemplateInput& input) mutable {
    const Interruption interruption;
    return templates.render(input, launch_from(console, {}, interruption.token()));
  };
}

Result<OpenedEngine> open_engine(const EngineChoice& choice, const PromptOptions& prompt,
                                 const Console& console) {
  const auto request = prompt_request(prompt);
  if (!request) return tl::unexpected(request.error());
  const OpenedFiles files;
  auto chosen = choose_prompted_engine(choice, *request, files, template_renderer(console));
  if (!chosen) return tl::unexpected(chosen.error());
  auto interruption = std::make_unique<Interruption>();
  auto opened =
      open_prompted_engine(*std::move(chosen), launch_from(console, files, interruption->token()));
  if (!opened) return tl::unexpected(opened.error());
  return OpenedEngine{std::move(interruption), *std::move(opened)};
}

Result<OpenedPair> open_pair(const PairChoice& choice, const PromptOptions& prompt,
                             const Console& console, Progress* progress) {
  const auto request = prompt_request(prompt);
  if (!request) return tl::unexpected(request.error());
  const OpenedFiles files;
  auto chosen = choose_prompted_pair(choice, *request, files, template_renderer(console));
  if (!chosen) return tl::unexpected(chosen.error());
  auto interruption = std::make_unique<Interruption>();
  if (progress != nullptr) progress->phase("load");
  auto opened =
      open_prompted_pair(*std::move(chosen), launch_from(console, files, interruption->token()));
  if (!opened) return tl::unexpected(opened.error());
  return OpenedPair{files, std::move(interruption), *std::move(opened)};
}

}  // namespace crossval
