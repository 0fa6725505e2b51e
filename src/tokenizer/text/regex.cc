#include "tokenizer/text/regex.h"

#include <fmt/format.h>

#include "tokenizer/text/code_points.h"

#define PCRE2_CODE_UNIT_WIDTH 32
#include <pcre2.h>

namespace crossval {
namespace {

// Taken lazily; only an expression that backtracks over a whole long text needs more than a page.
constexpr size_t kStackStart = 32 << 10;
constexpr size_t kStackLimit = 512 << 20;

std::string pcre2_message(int code) {
  PCRE2_UCHAR32 units[128];
  const int length = pcre2_get_error_message(code, units, std::size(units));
  std::string text;
  for (int i = 0; i < length; ++i) append_utf8(units[i], &text);
  return text;
}

template <auto free_function>
struct Free {
  template <class T>
  void operator()(T* object) const {
    free_function(object);
  }
};

}  // namespace

struct Regex::Rep {
  std::unique_ptr<pcre2_code, Free<pcre2_code_free>> code;
  uint32_t match_options = 0;
};

Regex::Regex(std::unique_ptr<Rep> rep) : rep_(std::move(rep)) {}
Regex::Regex(Regex&&) noexcept = default;
Regex& Regex::operator=(Regex&&) noexcept = default;
Regex::~Regex() = default;

Result<Regex> Regex::compile(std::string_view pattern, RegexMode mode) {
  return compile(decode_code_points(pattern), mode);
}

Result<Regex> Regex::compile(std::span<const uint32_t> pattern, RegexMode mode) {
  uint32_t options = PCRE2_DOLLAR_ENDONLY | PCRE2_NO_AUTO_CAPTURE;
  if (mode == RegexMode::unicode) options |= PCRE2_UTF | PCRE2_UCP;
  int code = 0;
  size_t offset = 0;
  auto rep = std::make_unique<Rep>();
  rep->code.reset(pcre2_compile(pattern.data(), pattern.size(), options, &code, &offset, nullptr));
  if (rep->code == nullptr) {
    std::string text;
    for (const uint32_t c : pattern) append_utf8(c, &text);
    return fail(ExitCode::bad_input_file,
                fmt::format("regular expression cannot be used: {}", pcre2_message(code)),
                fmt::format("position {} of '{}'", offset, text));
  }
  pcre2_jit_compile(rep->code.get(), PCRE2_JIT_COMPLETE);  // without it matching is only slower
  if (mode == RegexMode::unicode) rep->match_options = PCRE2_NO_UTF_CHECK;
  return Regex(std::move(rep));
}

struct RegexMatcher::Rep {
  const Regex::Rep* regex = nullptr;
  std::unique_ptr<pcre2_match_data, Free<pcre2_match_data_free>> match;
  std::unique_ptr<pcre2_match_context, Free<pcre2_match_context_free>> context;
  std::unique_ptr<pcre2_jit_stack, Free<pcre2_jit_stack_free>> stack;
  std::span<const uint32_t> text;
  size_t at = 0;
  bool after_empty = false;
};

RegexMatcher::RegexMatcher(const Regex& regex) : rep_(std::make_unique<Rep>()) {
  rep_->regex = regex.rep_.get();
  rep_->match.reset(pcre2_match_data_create(1, nullptr));
  rep_->context.reset(pcre2_match_context_create(nullptr));
  rep_->stack.reset(pcre2_jit_stack_create(kStackStart, kStackLimit, nullptr));
  pcre2_jit_stack_assign(rep_->context.get(), nullptr, rep_->stack.get());
}
RegexMatcher::RegexMatcher(RegexMatcher&&) noexcept = default;
RegexMatcher::~RegexMatcher() = default;

void RegexMatcher::start(std::span<const uint32_t> text) {
  rep_->text = text;
  rep_->at = 0;
  rep_->after_empty = false;
}

Result<std::optional<RegexMatch>> RegexMatcher::next() {
  while (rep_->at <= rep_->text.size()) {
    uint32_t options = rep_->regex->match_options;
    if (rep_->after_empty) options |= PCRE2_NOTEMPTY_ATSTART | PCRE2_ANCHORED;
    const int found = pcre2_match(rep_->regex->code.get(), rep_->text.data(), rep_->text.size(),
                                  rep_->at, options, rep_->match.get(), rep_->context.get());
    if (found == PCRE2_ERROR_NOMATCH) {
      if (!rep_->after_empty) break;
      rep_->after_empty = false;
      ++rep_->at;
      continue;
    }
    if (found < 0) {
      return fail(ExitCode::usage,
                  fmt::format("the text is too much for the tokenizer's regular expression: {}",
                              pcre2_message(found)),
                  fmt::format("after {} of {} characters", rep_->at, rep_->text.size()),
                  "Shorten the longest run of letters or white space.");
    }
    const size_t* bounds = pcre2_get_ovector_pointer(rep_->match.get());
    const RegexMatch match{bounds[0], bounds[1]};
    rep_->at = match.end;
    rep_->after_empty = match.begin == match.end;
    return match;
  }
  rep_->at = rep_->text.size() + 1;
  return std::nullopt;
}

}  // namespace crossval
