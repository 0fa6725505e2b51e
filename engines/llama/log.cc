#include "log.h"

#include <llama.h>
#include <unistd.h>

#include <algorithm>
#include <mutex>

namespace crossval_llama {
namespace {

constexpr size_t kKept = 1 << 20;  // bytes; a load logs some 20 kB

std::mutex mutex;
std::string kept;

void on_log(ggml_log_level level, const char* text, void*) {
  if (level == GGML_LOG_LEVEL_DEBUG) return;
  const std::string_view view(text);
  [[maybe_unused]] const ssize_t written = ::write(STDERR_FILENO, view.data(), view.size());
  const std::lock_guard lock(mutex);
  if (kept.size() + view.size() > kKept) kept.erase(0, kept.size() / 2);
  kept += view;
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

bool was_logged(std::string_view text) {
  const std::lock_guard lock(mutex);
  return kept.find(text) != std::string::npos;
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

}  // namespace crossval_llama
