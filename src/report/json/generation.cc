#include "report/json/generation.h"

#include "report/json/engine.h"
#include "report/json/prompt.h"
#include "report/json/schema_version.h"
#include "report/json/values.h"

namespace crossval {
namespace {

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

}  // namespace

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
