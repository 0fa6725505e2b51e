#include "process/last_words.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <vector>

namespace crossval {
namespace {

constexpr size_t kShown = 6;    // lines
constexpr size_t kTelling = 3;  // of them at most, which tell why

using Lines = std::vector<std::string_view>;

Lines lines_of(std::string_view log) {
  Lines lines;
  while (!log.empty()) {
    const size_t end = std::min(log.find('\n'), log.size());
    std::string_view line = log.substr(0, end);
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.find_first_not_of(" \t") != std::string_view::npos) lines.push_back(line);
    log.remove_prefix(std::min(end + 1, log.size()));
  }
  return lines;
}

bool contains(std::string_view line, std::string_view words) {
  return line.find(words) != std::string_view::npos;
}

template <size_t N>
bool contains_any(std::string_view line, const std::array<std::string_view, N>& words) {
  return std::ranges::any_of(words, [&](std::string_view each) { return contains(line, each); });
}

bool is_digit(char c) { return std::isdigit(static_cast<unsigned char>(c)) != 0; }

bool is_letter(char c) { return std::isalpha(static_cast<unsigned char>(c)) != 0; }

// Number of digits at the front.
size_t digits(std::string_view text) {
  return static_cast<size_t>(std::ranges::find_if_not(text, is_digit) - text.begin());
}

// "…/ggml.c:123: what failed": how checks of C and C++ name their place.
bool names_a_place(std::string_view line) {
  for (size_t at = line.find(':'); at != std::string_view::npos; at = line.find(':', at + 1)) {
    const size_t count = digits(line.substr(at + 1));
    const std::string_view file = line.substr(0, at);
    const std::string_view rest = line.substr(at + 1 + count);
    const size_t dot = std::min(file.rfind('.'), file.size());
    const std::string_view extension = file.substr(std::min(dot + 1, file.size()));
    if (count > 0 && rest.starts_with(": ") && !extension.empty() && extension.size() <= 4 &&
        std::ranges::all_of(extension, is_letter)) {
      return true;
    }
  }
  return false;
}

// Of one line, whatever surrounds it.
bool tells_why(std::string_view line) {
  constexpr std::array<std::string_view, 21> kWords = {
      "GGML_ASSERT(",
      "GGML_ABORT",
      "Assertion `",
      "Assertion failed",
      "terminate called",
      "libc++abi: terminating",
      "ERROR: AddressSanitizer",
      "ERROR: LeakSanitizer",
      "ERROR: MemorySanitizer",
      "ERROR: UndefinedBehaviorSanitizer",
      "ERROR: ThreadSanitizer",
      "WARNING: ThreadSanitizer",
      ": runtime error: ",
      " detected ***",  // stack smashing, buffer overflow
      "free(): ",
      "malloc(): ",
      "double free or corruption",
      "corrupted size vs. prev_size",
      "CUDA error: ",
      " panicked at ",
      "Fatal Python error",
  };
  if (contains(line, "arning: ") && !contains(line, "ThreadSanitizer")) return false;
  return contains_any(line, kWords) || line.starts_with("panic: ") ||
         line.starts_with("fatal error: ") || names_a_place(line);
}

bool is_indented(std::string_view line) { return line.front() == ' ' || line.front() == '\t'; }

// One per line: whether it tells why.
std::vector<bool> telling(const Lines& lines) {
  std::vector<bool> tells(lines.size());
  bool in_traceback = false;
  for (size_t i = 0; i < lines.size(); ++i) {
    const std::string_view line = lines[i];
    if (line.starts_with("Traceback (most recent call last)")) {
      in_traceback = true;
    } else if (in_traceback && !is_indented(line)) {
      tells[i] = true;  // "ValueError: no such layer"
      in_traceback = false;
    } else if (!in_traceback) {
      const std::string_view before = i > 0 ? lines[i - 1] : std::string_view();
      tells[i] = tells_why(line) ||
                 (contains(line, "what():") && contains(before, "terminate called")) ||
                 (contains(before, " panicked at ") && before.ends_with(':'));
    }
  }
  return tells;
}

// A frame of a backtrace, or what a debugger says around it.
bool is_backtrace(std::string_view line) {
  constexpr std::array<std::string_view, 5> kFrame = {"[0x", "(+0x", "libthread_db", "debuginfod",
                                                      "This GDB "};
  constexpr std::array<std::string_view, 6> kBegin = {
      "0x", "[New LWP", "[Inferior ", "[Detaching", "[Thread debugging", "warning: "};
  const std::string_view text = line.substr(line.find_first_not_of(" \t"));
  if (text.starts_with('#') && digits(text.substr(1)) > 0) return true;
  if (const size_t count = digits(text); count > 0 && text.substr(count).starts_with('\t')) {
    return true;  // a line of source
  }
  return contains_any(text, kFrame) || std::ranges::any_of(kBegin, [&](std::string_view begin) {
           return text.starts_with(begin);
         });
}

}  // namespace

std::string last_words(std::string_view log) {
  const Lines lines = lines_of(log);
  const std::vector<bool> tells = telling(lines);
  Lines why, before;  // newest first
  for (size_t i = lines.size(); i-- > 0;) {
    if (tells[i] && why.size() < kTelling) why.push_back(lines[i]);
  }
  for (size_t i = lines.size(); i-- > 0 && why.size() + before.size() < kShown;) {
    if (why.empty() || (!tells[i] && !is_backtrace(lines[i]))) before.push_back(lines[i]);
  }
  std::string text;
  for (const Lines* part : {&why, &before}) {
    for (size_t i = part->size(); i-- > 0;) text += fmt::format("\n    {}", (*part)[i]);
  }
  return text.empty() ? text : "Its last words:" + text;
}

}  // namespace crossval
