#include "tokenizer/hugging_face/regex.h"

#include <fmt/format.h>

#include <vector>

namespace crossval {
namespace {

class Translator {
 public:
  Translator(std::string_view pattern, const std::string& where)
      : pattern_(pattern), where_(where) {}

  Result<std::string> run() {
    while (at_ < pattern_.size()) {
      if (auto done = step(); !done) return tl::unexpected(done.error());
    }
    return std::move(out_);
  }

 private:
  tl::unexpected<Error> refuse(std::string_view what) const {
    return fail(ExitCode::bad_input_file,
                fmt::format("regular expression: {} is not supported", what),
                fmt::format("{}, position {} of '{}'", where_, at_, pattern_));
  }
  bool next_is(std::string_view text) const { return pattern_.substr(at_).starts_with(text); }

  Result<void> step() {
    const char c = pattern_[at_];
    switch (c) {
      case '\\':
        atom_ = out_.size();
        return escape(false, &out_);
      case '[': {
        atom_ = out_.size();
        auto set = bracket();
        if (!set) return tl::unexpected(set.error());
        out_ += *set;
        return {};
      }
      case '(':
        if (next_is("(?m") || next_is("(?x") || next_is("(?~") || next_is("(?@")) {
          return refuse(pattern_.substr(at_, 3));
        }
        groups_.push_back(out_.size());
        break;
      case ')':
        if (!groups_.empty()) {
          atom_ = groups_.back();
          groups_.pop_back();
        }
        break;
      case '^':
        out_ += "(?m:^)";
        ++at_;
        return {};
      case '$':
        out_ += "(?m:$)";
        ++at_;
        return {};
      case '{':
        return interval();
      case '*':
      case '+':
      case '?':
      case '|':
        break;
      default:
        atom_ = out_.size();
        // The whole character: its later bytes are no atoms of their own.
        do {
          out_ += pattern_[at_++];
        } while (at_ < pattern_.size() && (pattern_[at_] & 0xC0) == 0x80);
        return {};
    }
    out_ += c;
    ++at_;
    return {};
  }

  // {1,3}+ repeats what {1,3} matched; to PCRE2 it would be possessive.
  Result<void> interval() {
    const size_t end = pattern_.find('}', at_);
    if (end == std::string_view::npos) return refuse("{");
    out_ += pattern_.substr(at_, end + 1 - at_);
    at_ = end + 1;
    if (at_ < pattern_.size() && pattern_[at_] == '+') {
      out_.insert(atom_, "(?:");
      out_ += ")+";
      ++at_;
    }
    return {};
  }

  Result<void> escape(bool inside, std::string* out) {
    if (at_ + 1 == pattern_.size()) return refuse("a lone \\");
    const char kind = pattern_[at_ + 1];
    const auto set = [&](std::string_view members, bool negated) -> Result<void> {
      if (inside && negated) return refuse(pattern_.substr(at_, 2));
      *out += inside ? std::string(members) : fmt::format("[{}{}]", negated ? "^" : "", members);
      at_ += 2;
      return {};
    };
    switch (kind) {
      case 's':
        return set(kUnicodeSpaceSet, false);
      case 'S':
        return set(kUnicodeSpaceSet, true);
      case 'w':
        return set(kUnicodeWordSet, false);
      case 'W':
        return set(kUnicodeWordSet, true);
      case 'b':
        if (!inside) {
          *out += fmt::format("(?:(?<=[{0}])(?![{0}])|(?<![{0}])(?=[{0}]))", kUnicodeWordSet);
          at_ += 2;
          return {};
        }
        break;
      case 'u':
        if (at_ + 6 > pattern_.size()) return refuse("\\u");
        *out += fmt::format("\\x{{{}}}", pattern_.substr(at_ + 2, 4));
        at_ += 6;
        return {};
      case 'h':
      case 'H':
      case 'R':
      case 'X':
      case 'B':
      case 'K':
      case 'G':
      case 'k':
      case 'g':
        return refuse(pattern_.substr(at_, 2));
      case 'p':
      case 'P': {
        const size_t end = pattern_.find('}', at_);
        if (end == std::string_view::npos) return refuse("\\p");
        *out += pattern_.substr(at_, end + 1 - at_);
        at_ = end + 1;
        return {};
      }
      case 'x':
        if (at_ + 2 < pattern_.size() && pattern_[at_ + 2] == '{') {
          const size_t end = pattern_.find('}', at_);
          if (end == std::string_view::npos) return refuse("\\x");
          *out += pattern_.substr(at_, end + 1 - at_);
          at_ = end + 1;
          return {};
        }
        break;
      default:
        break;
    }
    *out += pattern_.substr(at_, 2);
    at_ += 2;
    return {};
  }

  // One […], with what it may be intersected with: [x&&[^y]] is (?:(?![y])[x]).
  Result<std::string> bracket() {
    ++at_;
    std::string members;
    std::string condition;
    const bool negated = next_is("^");
    if (negated) ++at_;
    bool first = true;
    for (;; first = false) {
      if (at_ >= pattern_.size()) return refuse("[ without ]");
      const char c = pattern_[at_];
      if (c == ']' && !first) break;
      if (next_is("&&[")) {
        at_ += 2;
        const bool excluded = next_is("[^");
        auto other = bracket();
        if (!other) return other;
        if (excluded) other->erase(1, 1);
        condition += fmt::format("(?{}{})", excluded ? '!' : '=', *other);
        if (!next_is("]") || negated) return refuse("this intersection");
        continue;
      }
      if (next_is("&&")) return refuse("this intersection");
      if (c == '[' && !next_is("[:")) {
        auto other = bracket();
        if (!other) return other;
        if (!other->starts_with('[') || other->starts_with("[^"))
          return refuse("a class in a class");
        members += other->substr(1, other->size() - 2);
        continue;
      }
      if (c == '\\') {
        if (auto done = escape(true, &members); !done) return tl::unexpected(done.error());
        continue;
      }
      members += c;
      ++at_;
    }
    ++at_;
    const std::string set = fmt::format("[{}{}]", negated ? "^" : "", members);
    return condition.empty() ? set : fmt::format("(?:{}{})", condition, set);
  }

  std::string_view pattern_;
  const std::string& where_;
  size_t at_ = 0;
  std::string out_;
  size_t atom_ = 0;             // where the last atom begins in out_
  std::vector<size_t> groups_;  // where each open group begins in out_
};

}  // namespace

Result<std::string> pcre_of_oniguruma(std::string_view pattern, const std::string& where) {
  return Translator(pattern, where).run();
}

}  // namespace crossval
