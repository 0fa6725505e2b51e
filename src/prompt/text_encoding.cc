#include "prompt/text_encoding.h"

#include "base/count_text.h"

namespace crossval {
namespace {

constexpr std::string_view kByteOrderMark = "\uFEFF";

// ASCII in UTF-16 without a mark: each character beside a zero byte, always on the same side.
bool is_every_other_byte_zero(std::string_view bytes) {
  if (bytes.size() < 4 || bytes.size() % 2 != 0) return false;
  const size_t zero = bytes[0] == '\0' ? 0 : 1;
  for (size_t i = 0; i < bytes.size(); ++i) {
    if ((bytes[i] == '\0') != (i % 2 == zero)) return false;
  }
  return true;
}

const char* wide_encoding(std::string_view bytes) {
  using namespace std::literals;
  if (bytes.starts_with("\xFF\xFE\0\0"sv) || bytes.starts_with("\0\0\xFE\xFF"sv)) return "UTF-32";
  if (bytes.starts_with("\xFF\xFE"sv) || bytes.starts_with("\xFE\xFF"sv)) return "UTF-16";
  return is_every_other_byte_zero(bytes) ? "UTF-16" : nullptr;
}

}  // namespace

Result<void> refuse_wide_text(std::string_view bytes, const std::string& where) {
  const char* encoding = wide_encoding(bytes);
  if (encoding == nullptr) return {};
  return fail(ExitCode::bad_input_file,
              std::string("the text is ") + encoding + ", where tokenizers read UTF-8", where,
              std::string("Convert it: iconv -f ") + encoding + " -t UTF-8 FILE > FILE.txt");
}

std::vector<PromptWarning> warn_about_unseen(std::string_view text) {
  std::vector<PromptWarning> warnings;
  if (const size_t at = text.find(kByteOrderMark); at != std::string_view::npos) {
    warnings.push_back(
        {"byte-order-mark", "the prompt holds a byte order mark (U+FEFF) at byte " +
                                std::to_string(at) +
                                ", which becomes tokens; editors put one at the start of a file"});
  }
  long ends = 0;
  const size_t first = text.find("\r\n");
  for (size_t at = first; at != std::string_view::npos; at = text.find("\r\n", at + 2)) ++ends;
  if (ends > 0) {
    warnings.push_back({"crlf", "the prompt holds " + counted(ends, "line end") +
                                    " of CR LF, the first at byte " + std::to_string(first) +
                                    ": other tokens than those of LF"});
  }
  return warnings;
}

}  // namespace crossval
