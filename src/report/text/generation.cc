#include "report/text/generation.h"

#include <fmt/format.h>

#include "base/count_text.h"
#include "engine/context.h"
#include "report/text/comparison/parts.h"
#include "report/text/printable.h"
#include "report/text/prompt.h"

namespace crossval {
namespace {

std::string stop_sentence(const Generation& generation) {
  switch (generation.stop) {
    case StopReason::end_of_generation:
      return "the model ended it";
    case StopReason::stop_text:
      return "ended by a stop text";
    case StopReason::max_tokens:
      return "ended by --max-tokens";
    case StopReason::context_full:
      return fmt::format(
          "ended by the context of {} positions ({})", generation.engine.settings.n_ctx,
          holds_all_learned(generation.engine.settings) ? "the model has learned no more"
                                                        : "raise -c");
    case StopReason::interrupted:
      return "interrupted";
  }
  return {};
}

// ", 12.3 tokens/s", or nothing when too little was done to say.
std::string speed(int32_t tokens, double seconds) {
  if (tokens == 0 || !(seconds > 0)) return {};
  return fmt::format(", {:.1f} tokens/s", static_cast<double>(tokens) / seconds);
}

}  // namespace

std::string generation_summary(const Generation& generation) {
  const long prompt = std::ssize(generation.prompt_tokens);
  const long evaluated = generation.prompt_positions;
  return fmt::format("prompt {}{}{}; generated {}{}; {}", counted(prompt, "token"),
                     evaluated < prompt ? ", " + grouped(evaluated) + " evaluated" : "",
                     speed(generation.prompt_positions, generation.prompt_seconds),
                     counted(std::ssize(generation.tokens), "token"),
                     speed(generation.decode_steps, generation.decode_seconds),
                     stop_sentence(generation));
}

std::string generation_details(const Generation& generation, const Layout& layout) {
  const EngineIdentity& engine = generation.engine.identity;
  std::string text = layout.labelled(
      "engine", fmt::format("{} {} ({})", engine.name, engine.version, escaped(engine.isa)));
  text += tokenizer_line(generation.engine.settings, {.layout = layout, .verbose = true});
  text += prompt_details(generation.prompt, layout);
  text += ids_line("ids", generation.prompt_tokens, layout);
  return text + ids_line("generated", generation.tokens, layout);
}

}  // namespace crossval
