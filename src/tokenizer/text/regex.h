// Perl-style regular expressions over code points (PCRE2, 32-bit units, compiled to machine code).
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "base/error.h"

namespace crossval {

struct RegexMatch {
  size_t begin = 0;
  size_t end = 0;
};

enum class RegexMode {
  ascii,    // \s, \d, \w and letter case are ASCII's; any 32-bit value is a character
  unicode,  // they follow Unicode; the text must consist of valid code points
};

/// A compiled expression. Immutable; may be used from several threads.
class Regex {
 public:
  /// `pattern` in UTF-8.
  static Result<Regex> compile(std::string_view pattern, RegexMode mode);
  static Result<Regex> compile(std::span<const uint32_t> pattern, RegexMode mode);

  Regex(Regex&&) noexcept;
  Regex& operator=(Regex&&) noexcept;
  ~Regex();

 private:
  friend class RegexMatcher;
  struct Rep;
  explicit Regex(std::unique_ptr<Rep> rep);
  std::unique_ptr<Rep> rep_;
};

/// The working memory of one thread's searches.
class RegexMatcher {
 public:
  /// `regex` must outlive the matcher.
  explicit RegexMatcher(const Regex& regex);
  RegexMatcher(RegexMatcher&&) noexcept;
  ~RegexMatcher();

  /// Begins to search `text`, which must stay as it is until the last next().
  void start(std::span<const uint32_t> text);

  /// The matches from left to right; nullopt at the end. An empty match is followed by a search for
  /// a non-empty one at its place, then from one place further. Errors (usage) when the text
  /// exhausts the expression's memory or steps.
  Result<std::optional<RegexMatch>> next();

 private:
  struct Rep;
  std::unique_ptr<Rep> rep_;
};

}  // namespace crossval
