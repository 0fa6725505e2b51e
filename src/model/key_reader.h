// Reads the keys of one architecture and remembers the first error, so that a list of look-ups
// reads as a list.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"
#include "gguf/file.h"

namespace crossval {

class KeyReader {
 public:
  KeyReader(const GgufFile& file, std::string architecture)
      : file_(file), prefix_(std::move(architecture) + ".") {}

  int64_t required(const std::string& key) { return keep(file_.get_int(full(key))); }
  int64_t integer(const std::string& key, int64_t fallback) {
    return keep(file_.int_or(full(key), fallback));
  }
  float real(const std::string& key, double fallback) {
    return static_cast<float>(keep(file_.float_or(full(key), fallback)));
  }
  bool flag(const std::string& key, bool fallback) {
    return keep(file_.bool_or(full(key), fallback));
  }
  bool has(const std::string& key) const { return find(key) != nullptr; }
  bool has_array(const std::string& key) const {
    return has(key) && find(key)->type == GgufType::array;
  }
  /// Element i of an array of integers, or the value itself where the file has one for all layers.
  /// Without the key `fallback`; without that it is required.
  int64_t element(const std::string& key, int64_t i, std::optional<int64_t> fallback);
  /// n numbers: an array of n, or one for all.
  std::vector<int64_t> numbers(const std::string& key, int64_t n, std::optional<int64_t> fallback);
  /// One number for n layers, which the file may write as an array.
  int64_t alike(const std::string& key, int64_t n, std::optional<int64_t> fallback);

  /// An integer of low…high; refused, and `low`, outside. Without a fallback it is required.
  int64_t within(const std::string& key, std::optional<int64_t> fallback, int64_t low,
                 int64_t high) {
    const int64_t value = fallback ? integer(key, *fallback) : required(key);
    if (value >= low && value <= high) return value;
    refuse(std::to_string(value) + " is not in " + std::to_string(low) + "…" + std::to_string(high),
           key);
    return low;
  }

  /// Which of `known` a text is; refused, and the first, when none. `hint`: what else to do.
  size_t one_of(const std::string& key, std::string_view fallback,
                std::initializer_list<std::string_view> known, const std::string& hint);

  /// Records an error about a key; returns 0.
  int64_t refuse(std::string what, const std::string& key, std::string hint = {}) {
    if (!error_) {
      error_ = Error{ExitCode::bad_input_file, std::move(what),
                     file_.path() + ", key " + prefix_ + key, std::move(hint)};
    }
    return 0;
  }
  const std::optional<Error>& error() const { return error_; }
  /// Every key that was looked for, there or not.
  const std::set<std::string>& asked() const { return asked_; }

 private:
  std::string full(const std::string& key) const {
    asked_.insert(key);
    return prefix_ + key;
  }
  const GgufKey* find(const std::string& key) const { return file_.find_key(full(key)); }

  template <class T>
  T keep(Result<T> value) {
    if (value) return *value;
    if (!error_) error_ = value.error();
    return T{};
  }

  const GgufFile& file_;
  std::string prefix_;
  std::optional<Error> error_;
  mutable std::set<std::string> asked_;
};

}  // namespace crossval
