#include "session/text_stream.h"

#include <algorithm>
#include <utility>

#include "base/utf8.h"

namespace crossval {
namespace {

// Bytes at the end of `text` that are the beginning of `stop` but not all of it.
size_t begun(std::string_view text, std::string_view stop) {
  size_t n = std::min(text.size(), stop.size() - 1);
  while (n > 0 && text.substr(text.size() - n) != stop.substr(0, n)) --n;
  return n;
}

}  // namespace

std::string TextStream::push(std::string_view bytes) {
  if (stopped_) return {};
  held_ += bytes;
  size_t first = std::string::npos;
  size_t waiting = incomplete_utf8_tail(held_);
  for (const std::string& stop : stop_texts_) {
    first = std::min(first, held_.find(stop));
    waiting = std::max(waiting, begun(held_, stop));
  }
  stopped_ = first != std::string::npos;
  const size_t ready = stopped_ ? first : held_.size() - waiting;
  std::string shown = held_.substr(0, ready);
  held_.erase(0, stopped_ ? std::string::npos : ready);
  return shown;
}

std::string TextStream::finish() { return std::exchange(held_, {}); }

}  // namespace crossval
