#include "log.h"

#include <llama.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <mutex>
#include <set>
#include <utility>

namespace crossval_llama {
namespace {

constexpr size_t kKept = 1 << 20;  // bytes; a load logs some 20 kB

constexpr size_t kMostWarnings = 100;
constexpr std::string_view kBeyondTraining = "training context overflow";

// Lines at the level of a warning that say nothing about the user's model or machine.
constexpr std::string_view kNoise[] = {
    "failed to compute graph",           // the worker gave an evaluation up; a failure is an error
    "sched_graph_compute_async failed",  // the same, by other parts of it
    "failed to decode, ret = 2",
    "removing memory module entries",    // what llama.cpp does after it
    "full capacity of the model",        // a context below the trained one, formerly a warning
    "using full-size SWA cache",         // the library's default
    ": sharing with layer",              // how some models are made: layers share a cache
    "graph reuse disabled",              // LLAMA_GRAPH_REUSE_DISABLE is in the header
    "attention rotation force disabled"  // LLAMA_ATTN_ROT_DISABLE likewise
};

std::mutex mutex;
std::string kept;
std::string error;
std::vector<Warning> warnings;
std::set<std::string> warned;  // messages
bool context_asked = false;

// "load: missing pre-tokenizer type" -> "missing pre-tokenizer type"
std::string_view without_function(std::string_view line) {
  const size_t colon = line.find(": ");
  const bool named =
      colon != std::string_view::npos && line.substr(0, colon).find(' ') == std::string_view::npos;
  if (named) line.remove_prefix(colon + 2);
  while (line.starts_with(' ')) line.remove_prefix(1);
  while (line.ends_with(' ')) line.remove_suffix(1);
  return line;
}

bool is_noise(std::string_view line) {
  if (line.find(kBeyondTraining) != std::string_view::npos) return !context_asked;
  return std::ranges::any_of(
      kNoise, [&](std::string_view noise) { return line.find(noise) != std::string_view::npos; });
}

bool has_words(std::string_view line) {
  return std::ranges::any_of(line, [](unsigned char c) { return std::isalpha(c) != 0; });
}

void add_warning(std::string name, std::string message) {
  if (warned.size() == kMostWarnings || !warned.insert(message).second) return;
  warnings.push_back({std::move(name), std::move(message)});
}

void note(ggml_log_level level, std::string_view text) {
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    const std::string_view message = without_function(line);
    if (!has_words(message) || is_noise(line)) continue;
    if (level == GGML_LOG_LEVEL_ERROR) error = message;
    add_warning(level == GGML_LOG_LEVEL_ERROR ? "engine-error" : "engine-warning",
                std::string(message));
  }
}

void on_log(ggml_log_level level, const char* text, void*) {
  if (level == GGML_LOG_LEVEL_DEBUG) return;
  const std::string_view view(text);
  [[maybe_unused]] const ssize_t written = ::write(STDERR_FILENO, view.data(), view.size());
  const std::lock_guard lock(mutex);
  if (kept.size() + view.size() > kKept) kept.erase(0, kept.size() / 2);
  kept += view;
  if (level == GGML_LOG_LEVEL_WARN || level == GGML_LOG_LEVEL_ERROR) note(level, view);
}

// Calls f(line) for each line, newest first, until it returns true.
template <class F>
void newest_first(F f) {
  const std::lock_guard lock(mutex);
  std::string_view rest = kept;
  while (!rest.empty()) {
    if (rest.back() == '\n') rest.remove_suffix(1);
    const size_t cut = rest.rfind('\n');
    const size_t begin = cut == std::string_view::npos ? 0 : cut + 1;
    if (f(rest.substr(begin))) return;
    rest = rest.substr(0, begin);
  }
}

}  // namespace

void capture_log() { llama_log_set(on_log, nullptr); }

std::string logged_value(std::string_view key) {
  std::string value;
  newest_first([&](std::string_view line) {
    const size_t colon = line.find(": ");
    if (colon == std::string_view::npos) return false;
    line.remove_prefix(colon + 2);
    line.remove_prefix(std::min(line.find_first_not_of(' '), line.size()));
    if (!line.starts_with(key)) return false;
    line.remove_prefix(key.size());
    line.remove_prefix(std::min(line.find_first_not_of(' '), line.size()));
    if (!line.starts_with("= ")) return false;
    value = line.substr(2);
    return true;
  });
  return value;
}

std::string logged_between(std::string_view before, std::string_view after) {
  std::string value;
  newest_first([&](std::string_view line) {
    const size_t at = line.find(before);
    if (at == std::string_view::npos) return false;
    const size_t begin = at + before.size();
    const size_t end = line.find(after, begin);
    if (end == std::string_view::npos) return false;
    value = line.substr(begin, end - begin);
    return true;
  });
  return value;
}

std::string last_error() {
  const std::lock_guard lock(mutex);
  return error;
}

void warn(std::string name, std::string message) {
  const std::lock_guard lock(mutex);
  add_warning(std::move(name), std::move(message));
}

void context_was_asked_for(bool asked) { context_asked = asked; }

std::vector<Warning> take_warnings() {
  const std::lock_guard lock(mutex);
  return std::exchange(warnings, {});
}

}  // namespace crossval_llama
