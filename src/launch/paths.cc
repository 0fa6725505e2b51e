#include "launch/paths.h"

#include "base/environment.h"
#include "gguf/file.h"

namespace crossval {

std::string model_path(const EngineSpec& spec, const EngineDefaults& defaults) {
  return first_part_path(with_home(spec.get("model", defaults.model)));
}

std::string tokenizer_path(const EngineSpec& spec) { return with_home(spec.get("tokenizer")); }

}  // namespace crossval
