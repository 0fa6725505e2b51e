// Pieces of tokens on their way to the reader: whole characters, and nothing of a stop text.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace crossval {

class TextStream {
 public:
  /// Stop texts are not empty.
  explicit TextStream(std::vector<std::string> stop_texts) : stop_texts_(std::move(stop_texts)) {}

  /// Takes a token's bytes and gives those that may be shown now. Held back are the beginning of a
  /// character and what may become a stop text. Nothing is given once `stopped`.
  std::string push(std::string_view bytes);

  /// A stop text has appeared; the first of them, and all that follows it, is dropped.
  bool stopped() const { return stopped_; }

  /// What is held back at the end.
  std::string finish();

 private:
  std::vector<std::string> stop_texts_;
  std::string held_;
  bool stopped_ = false;
};

}  // namespace crossval
