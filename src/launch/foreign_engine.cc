#include "launch/foreign_engine.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <string_view>
#include <system_error>

#include "base/environment.h"

namespace crossval {
namespace {

// Those that build a library llama of llama.cpp's interface.
constexpr std::string_view kRelatives[] = {
    "ik_llama.cpp", "ik_llama",         "ik-llama.cpp", "bitnet.cpp", "bitnet",
    "llama-cli",    "llama-cpp-python", "llama_cpp",    "llamacpp",   "koboldcpp",
};

constexpr std::string_view kTransformersNames[] = {"huggingface", "transformers"};

constexpr std::string_view kOthers[] = {
    "ollama",       "vllm",      "sglang",    "tgi",         "lmstudio",    "lm-studio",
    "lms",          "openai",    "http",      "https",       "server",      "llama-server",
    "torch",        "pytorch",   "jax",       "mlx",         "mlx-lm",      "exllama",
    "exllamav2",    "exllamav3", "onnx",      "onnxruntime", "openvino",    "tensorrt",
    "tensorrt-llm", "candle",    "mistralrs", "mistral.rs",  "ctranslate2", "llamafile",
    "rwkv.cpp",     "gpt4all",   "bitnet-rs", "bitnet.rs",   "python",
};

constexpr std::string_view kWeights[] = {".gguf"};
constexpr std::string_view kRows[] = {".xval", ".npy", ".npz", ".bin"};
constexpr std::string_view kFiles[] = {".safetensors", ".pt",   ".pth", ".onnx", ".json",
                                       ".jsonl",       ".ggml", ".py",  ".sh"};

constexpr const char* kWays =
    "There are three ways: its server, where it has one, by its address http://HOST:PORT "
    "(docs/servers.md); a program that speaks docs/protocol.md for it (in Python it is a class of "
    "a few lines, docs/python.md) and is named by exec:COMMAND; or write native's rows with "
    "--candidate native --reference native --dump DIR and compare them with its own in NumPy.";

std::string lower_case(std::string_view text) {
  std::string lower(text);
  std::ranges::transform(lower, lower.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return lower;
}

template <size_t N>
bool is_one_of(std::string_view word, const std::string_view (&words)[N]) {
  return std::ranges::find(words, word) != std::end(words);
}

template <size_t N>
bool ends_as(std::string_view text, const std::string_view (&endings)[N]) {
  return std::ranges::any_of(endings, [&](std::string_view end) { return text.ends_with(end); });
}

// "localhost", "127.0.0.1", with a port or without.
bool is_host(std::string_view name) {
  return name == "localhost" || (std::ranges::count(name, '.') == 3 &&
                                 name.find_first_not_of("0123456789.") == std::string_view::npos);
}

bool is_checkpoint(const std::string& text) {
  std::error_code error;
  return std::filesystem::exists(with_home(text) + "/config.json", error);
}

Error refusal(const std::string& text, const char* what, std::string hint) {
  return {ExitCode::usage, fmt::format("\"{}\" {}", text, what), {}, std::move(hint)};
}

}  // namespace

std::optional<Error> refuse_foreign_engine(const std::string& text) {
  const std::string lower = lower_case(text);
  const std::string name = lower.substr(0, lower.find(':'));
  if (is_host(name)) {
    return refusal(text, "is a server's address without its beginning",
                   fmt::format("Write http://{}.", text));
  }
  if (lower.find("://") != std::string::npos) {
    return refusal(text, "is no address of http or https", kWays);
  }
  if (is_one_of(name, kRelatives)) {
    return refusal(text, "is an engine of llama.cpp's family, which goes by that name here",
                   "Name its source tree, llama.cpp:src=DIR, or a build of it, "
                   "llama.cpp:build=DIR (docs/llama-cpp.md).");
  }
  if (is_one_of(name, kTransformersNames) || is_checkpoint(text)) {
    return refusal(text, "is no engine by that name",
                   "Hugging Face's transformers are hf:DIR, the folder of a checkpoint "
                   "(docs/checkpoints.md).");
  }
  if (is_one_of(name, kOthers)) {
    return refusal(text, "is no engine of crossval's", kWays);
  }
  if (ends_as(name, kWeights)) {
    return refusal(text, "is a model, and no engine",
                   fmt::format("Say which engine runs it: native:model={0} or "
                               "llama.cpp:model={0}.",
                               text));
  }
  if (ends_as(name, kRows)) {
    return refusal(text, "is a file of rows, and no engine",
                   fmt::format("Name it replay:{} (docs/other-files.md), or compare two files: "
                               "crossval compare A B.",
                               text));
  }
  if (ends_as(name, kFiles) || name.find('/') != std::string::npos) {
    return refusal(text, "is a file, which is no engine of crossval's", kWays);
  }
  return std::nullopt;
}

}  // namespace crossval
