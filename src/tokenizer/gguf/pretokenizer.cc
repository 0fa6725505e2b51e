#include "tokenizer/gguf/pretokenizer.h"

#include <algorithm>
#include <string>
#include <string_view>

#include "tokenizer/text/code_points.h"
#include "tokenizer/text/unicode_data.h"

// Upstream matches expressions that name Unicode categories against a text in which each character
// from U+0080 on stands as one code for its category; \s, ranges like A-Z and letter case are then
// ASCII's. That is what its results are defined by, so it is done here too.
namespace crossval {
namespace {

// Codes of characters from U+0080 on, outside ASCII so that no range of a pattern covers them.
enum ClassCode : uint32_t {
  kOther = 0xD0,
  kNumber = 0xD1,
  kLetter = 0xD2,
  kPunctuation = 0xD3,
  kMark = 0xD4,
  kSymbol = 0xD5,
  kHanLetter = 0xD6,
  kHanOther = 0xD7,
  kWhitespace = 0x0B,  // matched by \s
};

uint32_t class_code(uint32_t c) {
  if (c < 0x80) return c;
  if (is_unicode_whitespace(c)) return kWhitespace;
  const UnicodeCategory category = unicode_category(c);
  if (is_han(c)) return category == UnicodeCategory::letter ? kHanLetter : kHanOther;
  switch (category) {
    case UnicodeCategory::number:
      return kNumber;
    case UnicodeCategory::letter:
      return kLetter;
    case UnicodeCategory::punctuation:
      return kPunctuation;
    case UnicodeCategory::mark:
      return kMark;
    case UnicodeCategory::symbol:
      return kSymbol;
    default:
      return kOther;
  }
}

// What \p{…} becomes between brackets. Upstream knows no sub-category of letters.
struct Category {
  std::string_view name;
  std::string_view members;
};
constexpr Category kCategories[] = {
    {R"(\p{N})", R"(\xD10-9)"},
    {R"(\p{L})", R"(\xD2\xD6A-Za-z)"},
    {R"(\p{P})", R"(\xD3!-#%-*,-/:;?@\[-\]_{})"},
    {R"(\p{M})", R"(\xD4)"},
    {R"(\p{S})", R"(\xD5$+<->\^`|~)"},
    {R"(\p{Lu})", R"(\xD2\xD6A-Za-z)"},
    {R"(\p{Ll})", R"(\xD2\xD6A-Za-z)"},
    {R"(\p{Lt})", R"(\xD2\xD6A-Za-z)"},
    {R"(\p{Lm})", R"(\xD2\xD6A-Za-z)"},
    {R"(\p{Lo})", R"(\xD2\xD6A-Za-z)"},
};

const Category* category_at(std::string_view expression) {
  const auto* const at = std::ranges::find_if(kCategories, [expression](const Category& category) {
    return expression.starts_with(category.name);
  });
  return at == std::end(kCategories) ? nullptr : at;
}

bool names_categories(std::string_view expression) {
  return std::ranges::any_of(kCategories, [expression](const Category& category) {
    return expression.find(category.name) != std::string_view::npos;
  });
}

// Replaces \p{…} by the codes and ASCII characters of the category.
std::string over_classes(std::string_view expression) {
  std::string out;
  bool inside = false;  // a bracket
  for (size_t i = 0; i < expression.size();) {
    if (const Category* category = category_at(expression.substr(i))) {
      out += inside ? std::string(category->members) : '[' + std::string(category->members) + ']';
      i += category->name.size();
      continue;
    }
    if (expression[i] == '\\' && i + 1 < expression.size()) {
      out += expression.substr(i, 2);
      i += 2;
      continue;
    }
    if (expression[i] == '[') inside = true;
    if (expression[i] == ']') inside = false;
    out += expression[i++];
  }
  return out;
}

// "A letter that is no small ASCII letter", written with a look-ahead: as one set it needs no
// memory for each character.
std::string without_lookahead(std::string expression) {
  struct Rewrite {
    std::string_view from;
    std::string_view to;
  };
  constexpr Rewrite kRewrites[] = {
      {R"(((?=[\xD2\xD6A-Za-z])([^a-z])))", R"([\xD2\xD6A-Z])"},
      {R"(((?=[\xD2\xD6A-Za-z])([^A-Z])))", R"([\xD2\xD6a-z])"},
      {R"(((?=[\xD2\xD6A-Za-z\xD4])([^a-z])))", R"([\xD2\xD6\xD4A-Z])"},
      {R"(((?=[\xD2\xD6A-Za-z\xD4])([^A-Z])))", R"([\xD2\xD6\xD4a-z])"},
  };
  for (const Rewrite& rewrite : kRewrites) {
    for (size_t at = expression.find(rewrite.from); at != std::string::npos;
         at = expression.find(rewrite.from)) {
      expression.replace(at, rewrite.from.size(), rewrite.to);
    }
  }
  return expression;
}

// Names in upstream's tables for code, not for the expression they spell.
constexpr std::string_view kKimiName = R"(\p{Han}+)";
constexpr std::string_view kKimi =
    R"([\xD6\xD7]+)"
    R"(|(?:[^\r\n\xD1\xD2\xD6\xD70-9A-Za-z])?[\xD2A-Za-z]+)"
    R"((?:'(?:[sStTmMdD]|[rR][eE]|[vV][eE]|[lL][lL]))?)"
    R"(|[\xD10-9]{1,3})"
    R"(| ?[^\s\xD1\xD2\xD60-9A-Za-z]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)";
constexpr std::string_view kDigitGroups[] = {R"(\p{AFMoE_digits})", R"(\d{1,3}(?=(?:\d{3})*\b))"};
constexpr std::string_view kAsciiDigitGroups = R"((?=(\d{3})+(?!\d)))";

bool is_digit(uint32_t c, bool ascii_only) {
  if (ascii_only) return c >= '0' && c <= '9';
  return unicode_category(c) == UnicodeCategory::number;
}

// Appends the ends of groups of three digits, counted from the right of each run; what stands
// before a run stays with its first group. `ascii_only` has look-ahead's meaning: the cut is before
// a group, so what follows a run stays with its last one.
void group_digits(std::span<const uint32_t> text, size_t begin, size_t end, bool ascii_only,
                  std::vector<size_t>* ends) {
  size_t last = begin;
  const auto cut = [&last, ends](size_t at) {
    if (at > last) ends->push_back(at);
    last = std::max(last, at);
  };
  for (size_t i = begin; i < end;) {
    if (!is_digit(text[i], ascii_only)) {
      ++i;
      continue;
    }
    size_t run_end = i;
    while (run_end < end && is_digit(text[run_end], ascii_only)) ++run_end;
    const size_t first = (run_end - i) % 3;
    if (ascii_only) {
      for (size_t at = i + first; at < run_end; at += 3) cut(at);
    } else {
      if (first > 0) cut(i + first);
      for (size_t at = i + first; at < run_end; at += 3) cut(at + 3);
    }
    i = run_end;
  }
  cut(end);
}

}  // namespace

Result<PreTokenizer> PreTokenizer::create(const PreTokenizerEntry& entry) {
  PreTokenizer result;
  for (const std::string_view expression : entry.expressions) {
    Step step{View::characters, {}};
    std::string pattern(expression);
    if (std::ranges::find(kDigitGroups, expression) != std::end(kDigitGroups)) {
      result.steps_.push_back({View::digit_groups, {}, false});
      continue;
    }
    if (expression == kAsciiDigitGroups) {
      result.steps_.push_back({View::digit_groups, {}, true});
      continue;
    }
    if (expression == kKimiName) {
      step.view = View::classes;
      pattern = kKimi;
    } else if (names_categories(expression)) {
      step.view = View::classes;
      pattern = without_lookahead(over_classes(expression));
    }
    auto regex = Regex::compile(pattern, RegexMode::ascii);
    if (!regex) return tl::unexpected(regex.error());
    step.regex.push_back(std::move(*regex));
    result.steps_.push_back(std::move(step));
  }
  return result;
}

Result<std::vector<size_t>> PreTokenizer::word_ends(std::span<const uint32_t> text) const {
  std::vector<uint32_t> classes;
  std::vector<uint32_t> characters;
  std::vector<size_t> ends = {text.size()};
  for (const Step& step : steps_) {
    std::vector<size_t> finer;
    finer.reserve(ends.size());
    if (step.view == View::digit_groups) {
      for (size_t i = 0, begin = 0; i < ends.size(); begin = ends[i++]) {
        group_digits(text, begin, ends[i], step.ascii_digits_only, &finer);
      }
      ends = std::move(finer);
      continue;
    }
    std::vector<uint32_t>& view = step.view == View::classes ? classes : characters;
    if (view.empty()) {
      view.resize(text.size());
      std::ranges::transform(text, view.begin(), [&step](uint32_t c) -> uint32_t {
        if (step.view == View::classes) return class_code(c);
        return c >= 0x80 && is_unicode_whitespace(c) ? kWhitespace : c;
      });
    }
    RegexMatcher matcher(step.regex.front());
    for (size_t i = 0, begin = 0; i < ends.size(); begin = ends[i++]) {
      matcher.start(std::span(view).subspan(begin, ends[i] - begin));
      size_t last = 0;
      for (;;) {
        const auto match = matcher.next();
        if (!match) return tl::unexpected(match.error());
        if (!match->has_value()) break;
        if ((*match)->begin > last) finer.push_back(begin + (*match)->begin);
        finer.push_back(begin + (*match)->end);
        last = (*match)->end;
      }
      if (begin + last < ends[i]) finer.push_back(ends[i]);
    }
    ends = std::move(finer);
  }
  return ends;
}

}  // namespace crossval
