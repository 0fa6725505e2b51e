// http and https: a server that is asked for log-probabilities.
#include <charconv>

#include "base/environment.h"
#include "engine/server_spec.h"
#include "http/engine.h"
#include "launch/context_size.h"
#include "launch/kinds/kinds.h"
#include "launch/kinds/number_key.h"
#include "launch/paths.h"
#include "local/vocabulary_engine.h"

namespace crossval {
namespace {

constexpr std::string_view kKeys[] = {"model", "tokenizer", "served-model",
                                      "top",   "dialect",   "key-env"};
constexpr KeyWords kWords[] = {{"dialect", kDialects}};
constexpr Instead kInstead[] = {
    {"kv", "A server chooses the type of its keys and values when it starts."},
    {"threads", "A server chooses its threads when it starts."},
    {"batch", "A server chooses its batches when it starts."},
};
// No server tells how it keeps them.
constexpr std::string_view kChanges[] = {"kv-type"};
constexpr std::string_view kAll = "all";
constexpr const char* kKeyVariable = "CROSSVAL_API_KEY";

Result<std::string> api_key(const EngineSpec& spec) {
  const std::string variable = spec.get("key-env", kKeyVariable);
  std::string key = environment_variable(variable.c_str());
  if (!key.empty() || !spec.options.contains("key-env")) return key;
  return fail(ExitCode::usage, "the variable " + variable + " is not set", "engine " + spec.operand,
              "key-env= names a variable of the environment that holds the server's key.");
}

Result<std::optional<int32_t>> top_key(const EngineSpec& spec) {
  if (!spec.options.contains("top")) return std::nullopt;
  if (spec.get("top") == kAll) return 0;
  const auto top = number_key(spec, "top", 0, kMostPositions);
  if (!top) return tl::unexpected(top.error());
  return *top;
}

Result<std::unique_ptr<Engine>> vocabulary_of(const std::string& model, const EngineSpec& spec,
                                              const Launch& launch) {
  if (model.empty()) return nullptr;
  const auto file = launch.files.open(model);
  if (!file) return tl::unexpected(file.error());
  return make_local_vocabulary(*file, tokenizer_path(spec));
}

Result<std::unique_ptr<Engine>> make(const EngineSpec& spec, const EngineDefaults& defaults,
                                     const Launch& launch) {
  ServerOptions options;
  auto address = checked_address(spec.operand);
  if (!address) return tl::unexpected(address.error());
  auto key = api_key(spec);
  if (!key) return tl::unexpected(key.error());
  const auto top = top_key(spec);
  if (!top) return tl::unexpected(top.error());
  options.model_path = model_path(spec, defaults);
  auto vocabulary = vocabulary_of(options.model_path, spec, launch);
  if (!vocabulary) return tl::unexpected(vocabulary.error());
  options.http = {
      .address = *std::move(address),
      .key = *std::move(key),
      .timeout = std::chrono::milliseconds(static_cast<int64_t>(defaults.timeout_seconds * 1e3)),
      .stop = launch.stop};
  options.dialect = spec.get("dialect");
  options.served_model = spec.get("served-model");
  options.top = *top;
  options.n_ctx = static_cast<int32_t>(defaults.context.value_or(kDefaultContext));
  options.vocabulary = *std::move(vocabulary);
  return make_server_engine(std::move(options));
}

}  // namespace

constinit const EngineKind kHttpServer = {.name = kHttp,
                                          .keys = kKeys,
                                          .words = kWords,
                                          .instead = kInstead,
                                          .changes = kChanges,
                                          .make = make,
                                          .reads_model = false};

}  // namespace crossval
