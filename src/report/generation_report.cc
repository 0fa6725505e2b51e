#include "report/generation_report.h"

#include <fmt/format.h>

#include "base/count_text.h"
#include "engine/context.h"
#include "report/bytes_text.h"
#include "report/json_engine.h"
#include "report/json_prompt.h"
#include "report/json_schema_version.h"
#include "report/json_values.h"
#include "report/text_parts.h"
#include "report/text_prompt.h"

namespace crossval {
namespace {

// For programs; stable.
const char* stop_name(StopReason stop) {
  switch (stop) {
    case StopReason::end_of_generation:
      return "end-of-generation";
    case StopReason::stop_text:
      return "stop-text";
    case StopReason::max_tokens:
      return "max-tokens";
    case StopReason::context_full:
      return "context-full";
    case StopReason::interrupted:
      return "interrupted";
  }
  return "";
}

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

std::string generation_json(const Generation& generation) {
  const SamplingOptions& sampling = generation.sampling;
  return json_document(
      {{"schema_version", kJsonSchemaVersion},
       {"status", generation.stop == StopReason::interrupted ? "interrupted" : "ok"},
       {"exit_code", static_cast<int>(exit_code(generation.stop))},
       {"engine", json_engine(generation.engine)},
       {"sampling",
        {{"temperature", json_number(sampling.temperature)},
         {"top_k", sampling.top_k},
         {"top_p", json_number(sampling.top_p)},
         {"seed", sampling.seed}}},
       {"prompt", json_prompt(generation.prompt)},
       {"prompt_tokens", generation.prompt_tokens},
       {"tokens", generation.tokens},
       {"text", json_bytes(generation.text)},
       {"stopped", stop_name(generation.stop)},
       {"prompt_positions", generation.prompt_positions},
       {"prompt_seconds", json_number(generation.prompt_seconds)},
       {"decode_steps", generation.decode_steps},
       {"decode_seconds", json_number(generation.decode_seconds)},
       {"warnings", json_warnings(generation.warnings)}});
}

}  // namespace crossval
