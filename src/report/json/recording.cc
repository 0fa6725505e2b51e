#include "report/json/recording.h"

#include "report/json/engine.h"
#include "report/json/prompt.h"
#include "report/json/schema_version.h"
#include "report/json/values.h"
#include "report/words.h"

namespace crossval {

std::string recording_json(const Recording& recording) {
  return json_document({{"schema_version", kJsonSchemaVersion},
                        {"status", "ok"},
                        {"exit_code", 0},
                        {"engine", json_engine(recording.engine)},
                        {"prompt", json_prompt(recording.prompt)},
                        {"path", json_bytes(recording.path)},
                        {"bytes", recording.bytes},
                        {"rows", rows_word(recording.rows)},
                        {"top_tokens", recording.top_tokens},
                        {"prompt_positions", recording.prompt_positions},
                        {"chunks", recording.chunks},
                        {"decode_steps", recording.decode_steps},
                        {"stopped_at_end_of_generation", recording.stopped_at_end_of_generation},
                        {"tensors", recording.tensors},
                        {"tokens", recording.tokens},
                        {"warnings", json_warnings(recording.warnings)}});
}

}  // namespace crossval
