#include "cli/engine_factory.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <span>
#include <string_view>

#include "base/environment.h"
#include "base/nearest_word.h"
#include "cli/context_size.h"
#include "cli/foreign_engine.h"
#include "cli/reference_program.h"
#include "gguf/file.h"
#include "local/vocabulary_engine.h"
#include "model/other_file.h"
#include "native/engine.h"
#include "oracle/engine.h"
#include "process/engine.h"

namespace crossval {
namespace {

constexpr int kMostThreads = 1024;
constexpr int kMostPositions = 1 << 16;  // of a batch

Result<int> number(const EngineSpec& spec, const char* key, int fallback, int most) {
  const std::string text = spec.get(key);
  if (text.empty() && !spec.options.contains(key)) return fallback;
  int value = 0;
  const auto [end, status] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (status != std::errc{} || end != text.data() + text.size() || value < 1 || value > most) {
    return fail(ExitCode::usage, fmt::format("{}={} is no number from 1 to {}", key, text, most),
                "engine " + spec.name);
  }
  return value;
}

// fault=a+b
std::vector<std::string> split_faults(std::string_view text) {
  std::vector<std::string> names;
  while (!text.empty()) {
    const size_t plus = text.find('+');
    names.emplace_back(text.substr(0, plus));
    text.remove_prefix(plus == std::string_view::npos ? text.size() : plus + 1);
  }
  return names;
}

Result<std::optional<I2sLayout>> layout_of(const EngineSpec& spec, const EngineDefaults& defaults) {
  const std::string text = spec.get("i2s-layout", defaults.i2s_layout);
  const auto layout = find_i2s_layout(text);
  if (layout || text == "auto") return layout;
  return fail(ExitCode::usage, "i2s-layout=" + text + " is none of auto, x86, arm, x86-rows",
              "engine native");
}

Result<KvType> f16_or_f32(const EngineSpec& spec, const EngineDefaults& defaults) {
  const std::string kv = spec.get("kv", defaults.kv);
  if (kv == "f16") return KvType::f16;
  if (kv == "f32") return KvType::f32;
  return fail(ExitCode::usage,
              fmt::format("kv={}: {} keeps keys and values in f16 or f32", kv, spec.name),
              "engine " + spec.name,
              "Give another type to llama.cpp alone: --reference llama.cpp:kv=" + kv + ".");
}

Result<std::unique_ptr<Engine>> make_native(const EngineSpec& spec, const EngineDefaults& defaults,
                                            const Console& /*console*/, std::stop_token stop) {
  // A fault is planted in a whole model.
  if (defaults.tokens_only && !spec.options.contains("fault")) {
    return make_local_vocabulary(model_path(spec, defaults), tokenizer_path(spec));
  }
  const auto threads = number(spec, "threads", defaults.threads, kMostThreads);
  if (!threads) return tl::unexpected(threads.error());
  const auto batch =
      number(spec, "batch", static_cast<int>(defaults.batch.value_or(512)), kMostPositions);
  if (!batch) return tl::unexpected(batch.error());
  const auto kv = f16_or_f32(spec, defaults);
  if (!kv) return tl::unexpected(kv.error());
  const auto i2s_layout = layout_of(spec, defaults);
  if (!i2s_layout) return tl::unexpected(i2s_layout.error());
  const auto context = context_size(defaults.context, {model_path(spec, defaults)});
  if (!context) return tl::unexpected(context.error());
  return make_native_engine({.model_path = model_path(spec, defaults),
                             .tokenizer_path = tokenizer_path(spec),
                             .kv = *kv,
                             .threads = *threads,
                             .n_ctx = *context,
                             .n_batch = *batch,
                             .i2s_layout = *i2s_layout,
                             .faults = split_faults(spec.get("fault")),
                             .stop = std::move(stop)});
}

Result<std::unique_ptr<Engine>> make_oracle(const EngineSpec& spec, const EngineDefaults& defaults,
                                            const Console& /*console*/, std::stop_token stop) {
  if (defaults.tokens_only) {
    return make_local_vocabulary(model_path(spec, defaults), tokenizer_path(spec));
  }
  const auto threads = number(spec, "threads", defaults.threads, kMostThreads);
  if (!threads) return tl::unexpected(threads.error());
  const auto batch =
      number(spec, "batch", static_cast<int>(defaults.batch.value_or(512)), kMostPositions);
  if (!batch) return tl::unexpected(batch.error());
  const auto i2s_layout = layout_of(spec, defaults);
  if (!i2s_layout) return tl::unexpected(i2s_layout.error());
  const auto context = context_size(defaults.context, {model_path(spec, defaults)});
  if (!context) return tl::unexpected(context.error());
  Rounding rounding;
  if (spec.name == "oracle:declared") {
    rounding = kDeclared;
    const auto kv = f16_or_f32(spec, defaults);
    if (!kv) return tl::unexpected(kv.error());
    if (*kv == KvType::f32) rounding.attention = AttentionRounding::none;
  }
  return make_oracle_engine({.model_path = model_path(spec, defaults),
                             .tokenizer_path = tokenizer_path(spec),
                             .rounding = rounding,
                             .threads = *threads,
                             .n_ctx = *context,
                             .n_batch = *batch,
                             .i2s_layout = *i2s_layout,
                             .stop = std::move(stop)});
}

// What makes a model one of bitnet.cpp's, which upstream's llama.cpp cannot read; empty otherwise.
std::string bitnet_trait(const std::string& path) {
  const auto file = GgufFile::open(path);
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

Result<std::unique_ptr<Engine>> make_llama(const EngineSpec& spec, const EngineDefaults& defaults,
                                           const Console& console, std::stop_token stop) {
  const auto context = context_size(defaults.context, {model_path(spec, defaults)});
  if (!context) return tl::unexpected(context.error());
  LlamaOptions options;
  options.settings = {{"model", model_path(spec, defaults)},
                      {"kv", spec.get("kv", defaults.kv)},
                      {"threads", spec.get("threads", std::to_string(defaults.threads))},
                      {"tokens_only", defaults.tokens_only ? "1" : "0"}};
  // What is not asked for is the worker's to choose.
  if (*context != kDefaultContext) options.settings["n_ctx"] = std::to_string(*context);
  if (defaults.batch) options.settings["n_batch"] = std::to_string(*defaults.batch);
  for (const auto& [key, setting] : {std::pair{"batch", "n_batch"}, {"ubatch", "n_ubatch"}}) {
    const auto positions = number(spec, key, 0, kMostPositions);
    if (!positions) return tl::unexpected(positions.error());
    if (*positions > 0) options.settings[setting] = std::to_string(*positions);
  }
  for (const char* key : {"profile", "kv-k", "kv-v", "fa", "repack", "ngl", "device"}) {
    if (spec.options.contains(key)) options.settings[key] = spec.get(key);
  }
  const std::string bitnet = bitnet_trait(model_path(spec, defaults));
  const auto worker = llama_worker(spec, !bitnet.empty(), console, stop);
  if (!worker) return tl::unexpected(worker.error());
  options.worker_path = worker->path;
  if (!worker->chosen_by.empty()) options.environment = {worker->chosen_by};
  options.timeout = std::chrono::milliseconds(static_cast<int64_t>(defaults.timeout_seconds * 1e3));
  options.stop = std::move(stop);
  auto engine = make_llama_engine(std::move(options));
  if (!engine && engine.error().code == ExitCode::bad_input_file && !bitnet.empty()) {
    advise_about_bitnet(bitnet, worker->chosen_by, engine.error());
  }
  return engine;
}

struct EngineKind {
  std::string_view name;
  std::span<const std::string_view> keys;
  Result<std::unique_ptr<Engine>> (*make)(const EngineSpec&, const EngineDefaults&, const Console&,
                                          std::stop_token);
};

constexpr std::string_view kNativeKeys[] = {"model", "threads",   "batch",     "kv",
                                            "fault", "tokenizer", "i2s-layout"};
constexpr std::string_view kOracleKeys[] = {"model", "threads", "batch", "tokenizer", "i2s-layout"};
constexpr std::string_view kDeclaredKeys[] = {"model", "threads",   "batch",
                                              "kv",    "tokenizer", "i2s-layout"};
constexpr std::string_view kLlamaKeys[] = {
    "model",  "threads", "batch", "ubatch", "kv",      "kv-k",   "kv-v", "fa",
    "repack", "profile", "src",   "build",  "release", "worker", "ngl",  "device"};
// Of every engine: what it is given (cli/model_prompt.h).
constexpr std::string_view kPromptKeys[] = {"template", "prompt"};

// What native does instead of what a key of llama.cpp varies.
struct Instead {
  std::string_view key, words;
};
constexpr Instead kNativeInstead[] = {
    {"ubatch", "Native evaluates a batch in one piece: batch= says how large it is."},
    {"kv-k", "Native keeps keys and values in one type: kv=f16 or kv=f32."},
    {"kv-v", "Native keeps keys and values in one type: kv=f16 or kv=f32."},
    {"fa", "Native has no flash attention: it computes attention as canonical llama.cpp does."},
    {"repack", "Native computes with the weights as the file stores them."},
    {"ngl", "Native computes on the CPU."},
    {"device", "Native computes on the CPU."},
    {"profile", "Native has one arithmetic, that of canonical llama.cpp."},
};

struct Choice {
  std::string_view key;
  std::vector<std::string_view> values;
};

const std::vector<Choice>& choices() {
  static const std::vector<Choice> kChoices{{"fa", {"on", "off", "auto"}},
                                            {"repack", {"on", "off"}},
                                            {"profile", {"canonical", "production"}}};
  return kChoices;
}
constexpr EngineKind kKinds[] = {
    {"native", kNativeKeys, make_native},
    {"llama.cpp", kLlamaKeys, make_llama},
    {"oracle", kOracleKeys, make_oracle},
    {"oracle:declared", kDeclaredKeys, make_oracle},
};

const EngineKind* find_kind(std::string_view name) {
  const auto* kind =
      std::ranges::find_if(kKinds, [&](const EngineKind& each) { return each.name == name; });
  return kind == std::end(kKinds) ? nullptr : kind;
}

std::string hint(const std::string& typed, const std::vector<std::string>& known) {
  const std::string near = nearest_word(typed, known);
  return (near.empty() ? "" : "Did you mean " + near + "? ") +
         fmt::format("There are: {}.", fmt::join(known, ", "));
}

Result<void> check_values(const EngineSpec& spec) {
  for (const Choice& choice : choices()) {
    const auto given = spec.options.find(std::string(choice.key));
    if (given == spec.options.end()) continue;
    if (std::ranges::find(choice.values, given->second) != choice.values.end()) continue;
    return fail(ExitCode::usage,
                fmt::format("{}={} is none of {}", choice.key, given->second,
                            fmt::join(choice.values, ", ")),
                "engine " + spec.name);
  }
  return {};
}

}  // namespace

std::vector<std::string> engine_names() {
  std::vector<std::string> names;
  for (const EngineKind& each : kKinds) names.emplace_back(each.name);
  return names;
}

std::string engine_help() {
  std::string text = "An ENGINE is written name or name:key=value,key=value";
  for (const EngineKind& kind : kKinds) {
    text += fmt::format("; keys of {}: {}", kind.name, fmt::join(kind.keys, ", "));
  }
  return text + fmt::format("; of each: {}.", fmt::join(kPromptKeys, ", "));
}

Result<EngineSpec> read_engine_spec(const std::string& text) {
  if (auto foreign = refuse_foreign_engine(text)) return tl::unexpected(*std::move(foreign));
  return parse_engine_spec(text);
}

Result<void> check_engine_spec(const EngineSpec& spec) {
  const EngineKind* kind = find_kind(spec.name);
  const size_t colon = spec.name.find(':');
  if (kind == nullptr && find_kind(spec.name.substr(0, colon)) != nullptr) {
    return fail(ExitCode::usage,
                fmt::format("\"{}\" is not key=value", spec.name.substr(colon + 1)),
                "engine " + spec.name.substr(0, colon),
                "Write name[:key=value[,key=value]], e.g. native:threads=2,kv=f32.");
  }
  if (kind == nullptr) {
    return fail(ExitCode::usage, "no engine is called \"" + spec.name + "\"", {},
                hint(spec.name, engine_names()));
  }
  std::vector<std::string> keys(kind->keys.begin(), kind->keys.end());
  keys.insert(keys.end(), std::begin(kPromptKeys), std::end(kPromptKeys));
  for (const auto& [key, value] : spec.options) {
    if (std::ranges::find(keys, key) != keys.end()) continue;
    const auto* instead = std::ranges::find(kNativeInstead, key, &Instead::key);
    const bool explained = spec.name == "native" && instead != std::end(kNativeInstead);
    return fail(ExitCode::usage, "there is no key \"" + key + "\"", "engine " + spec.name,
                explained ? fmt::format("{} There are: {}.", instead->words, fmt::join(keys, ", "))
                          : hint(key, keys));
  }
  return check_values(spec);
}

std::string model_path(const EngineSpec& spec, const EngineDefaults& defaults) {
  return first_part_path(with_home(spec.get("model", defaults.model)));
}

std::string tokenizer_path(const EngineSpec& spec) { return with_home(spec.get("tokenizer")); }

Result<std::unique_ptr<Engine>> make_engine(const EngineSpec& spec, const EngineDefaults& defaults,
                                            const Console& console, std::stop_token stop) {
  // Said here for all engines alike; a file that cannot be read is left to the engine.
  if (const auto file = GgufFile::open(model_path(spec, defaults))) {
    if (auto ok = refuse_other_file(*file); !ok) return tl::unexpected(ok.error());
  }
  return find_kind(spec.name)->make(spec, defaults, console, std::move(stop));
}

}  // namespace crossval
