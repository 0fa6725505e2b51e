// llama.cpp: a worker process that links it.
#include <algorithm>
#include <filesystem>
#include <utility>

#include "launch/kinds/hello_settings.h"
#include "launch/kinds/kinds.h"
#include "launch/kinds/number_key.h"
#include "launch/paths.h"
#include "launch/reference/program.h"
#include "process/engine.h"
#include "quant/format.h"

namespace crossval {
namespace {

constexpr std::string_view kKeys[] = {"model",   "threads", "batch",  "ubatch",  "kv",  "kv-k",
                                      "kv-v",    "fa",      "repack", "profile", "src", "build",
                                      "release", "worker",  "ngl",    "device"};

constexpr std::string_view kFlashAttention[] = {"on", "off", "auto"};
constexpr std::string_view kRepack[] = {"on", "off"};
constexpr std::string_view kProfiles[] = {"canonical", "production"};
constexpr KeyWords kWords[] = {
    {"fa", kFlashAttention}, {"repack", kRepack}, {"profile", kProfiles}};

// What makes a model one of bitnet.cpp's, which upstream's llama.cpp cannot read; empty otherwise.
std::string bitnet_trait(const Result<GgufFile>& file) {
  if (!file) return {};
  const auto is_i2s = [](const GgufTensor& tensor) {
    return tensor.type_id == static_cast<uint32_t>(WeightType::i2_s);
  };
  if (std::ranges::any_of(file->tensors(), is_i2s)) return "weights are bitnet.cpp's I2_S";
  const std::string name(file->get_string("general.architecture").value_or(""));
  return name == "bitnet-b1.58" || name == "bitnet-25" ? "architecture is bitnet.cpp's " + name
                                                       : "";
}

// Upstream's words about such a model are of a type with the same number.
void advise_about_bitnet(const std::string& trait, const std::string& chosen_by, Error& error) {
  const bool chosen = chosen_by.starts_with("BITNET_CPP_DIR");
  error.hint = "The model's " + trait + ", which ";
  error.hint += chosen
                    ? "what is in " + chosen_by + " cannot read: is it bitnet.cpp, and new enough?"
                    : "upstream llama.cpp cannot read. Set BITNET_CPP_DIR to a tree or a build "
                      "of bitnet.cpp (docs/bitnet.md) and leave src, build, release and worker "
                      "out.";
  error.hint += "\n  Or compare native with itself: --reference native.";
}

/// llama.cpp reads GGUF files; a checkpoint is a folder.
Result<void> refuse_folder(const std::string& path) {
  std::error_code unseen;
  if (!std::filesystem::is_directory(path, unseen)) return {};
  return fail(ExitCode::bad_input_file, "llama.cpp reads no checkpoint, and this is a folder", path,
              "Convert it with llama.cpp's convert_hf_to_gguf.py and give that file with model=.");
}

Result<std::unique_ptr<Engine>> make(const EngineSpec& spec, const EngineDefaults& defaults,
                                     const Launch& launch) {
  if (auto ok = refuse_folder(model_path(spec, defaults)); !ok) return tl::unexpected(ok.error());
  auto settings = hello_settings(spec, defaults, launch);
  if (!settings) return tl::unexpected(settings.error());
  LlamaOptions options;
  options.settings = *std::move(settings);
  const auto micro_batch = number_key(spec, "ubatch", 0, kMostPositions);
  if (!micro_batch) return tl::unexpected(micro_batch.error());
  if (*micro_batch > 0) options.settings["n_ubatch"] = std::to_string(*micro_batch);
  for (const char* key : {"profile", "kv-k", "kv-v", "fa", "repack", "ngl", "device"}) {
    if (spec.options.contains(key)) options.settings[key] = spec.get(key);
  }
  const std::string bitnet = bitnet_trait(launch.files.open(model_path(spec, defaults)));
  const auto worker = llama_worker(spec, !bitnet.empty(), launch);
  if (!worker) return tl::unexpected(worker.error());
  options.worker_path = worker->path;
  if (!worker->chosen_by.empty()) options.environment = {worker->chosen_by};
  options.timeout = std::chrono::milliseconds(static_cast<int64_t>(defaults.timeout_seconds * 1e3));
  options.stop = launch.stop;
  auto engine = make_llama_engine(std::move(options));
  if (!engine && engine.error().code == ExitCode::bad_input_file && !bitnet.empty()) {
    advise_about_bitnet(bitnet, worker->chosen_by, engine.error());
  }
  return engine;
}

}  // namespace

constinit const EngineKind kLlamaCpp = {
    .name = "llama.cpp", .keys = kKeys, .words = kWords, .make = make};

}  // namespace crossval
