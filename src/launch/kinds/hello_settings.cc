#include "launch/kinds/hello_settings.h"

#include "launch/context_size.h"
#include "launch/kinds/kv_type.h"
#include "launch/kinds/number_key.h"
#include "launch/paths.h"

namespace crossval {

Result<std::map<std::string, std::string>> hello_settings(const EngineSpec& spec,
                                                          const EngineDefaults& defaults,
                                                          const Launch& launch) {
  const std::string model = model_path(spec, defaults);
  const auto context = context_size(defaults.context, {model}, launch.files);
  if (!context) return tl::unexpected(context.error());
  const auto batch =
      number_key(spec, "batch", static_cast<int>(defaults.batch.value_or(0)), kMostPositions);
  if (!batch) return tl::unexpected(batch.error());
  std::map<std::string, std::string> settings = {
      {"model", model},
      {"kv", kv_type(spec, defaults)},
      {"threads", spec.get("threads", std::to_string(defaults.threads))},
      {"tokens_only", defaults.tokens_only ? "1" : "0"}};
  if (*context != kDefaultContext) settings["n_ctx"] = std::to_string(*context);
  if (*batch > 0) settings["n_batch"] = std::to_string(*batch);
  return settings;
}

}  // namespace crossval
