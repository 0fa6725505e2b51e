#include "golden/random_text.h"

#include <array>

#include "tokenizer/text/code_points.h"

namespace crossval::testing_text {
namespace {

struct Range {
  uint32_t first;
  uint32_t last;
};

constexpr Range kPlanes[] = {{0x0, 0x7F},        {0x80, 0x7FF},      {0x800, 0xD7FF},
                             {0xD800, 0xDFFF},   {0xE000, 0xFFFF},   {0x10000, 0x1FFFF},
                             {0x20000, 0x2FFFF}, {0x30000, 0x3FFFF}, {0x40000, 0xDFFFF},
                             {0xE0000, 0xEFFFF}, {0xF0000, 0x10FFFF}};
constexpr Range kScripts[] = {
    {'a', 'z'},        {'A', 'Z'},       {0xC0, 0x24F},    {0x370, 0x3FF},   {0x400, 0x52F},
    {0x531, 0x58F},    {0x5D0, 0x5EA},   {0x620, 0x64A},   {0x904, 0x939},   {0x985, 0x9B9},
    {0xB85, 0xBB9},    {0xE01, 0xE30},   {0xE81, 0xEB0},   {0x1000, 0x102A}, {0x10A0, 0x10FF},
    {0x1100, 0x11FF},  {0x1780, 0x17B3}, {0x3041, 0x3096}, {0x30A1, 0x30FA}, {0x3400, 0x4DBF},
    {0x4E00, 0x9FFF},  {0xAC00, 0xD7A3}, {0xF900, 0xFAFF}, {0xFF01, 0xFF9F}, {0x1D400, 0x1D7FF},
    {0x20000, 0x2A6DF}};
constexpr Range kMarks[] = {{0x300, 0x36F},   {0x591, 0x5BD},   {0x64B, 0x65F},    {0x93A, 0x94F},
                            {0xE31, 0xE3A},   {0x1AB0, 0x1ACE}, {0x20D0, 0x20F0},  {0xFE00, 0xFE0F},
                            {0xFE20, 0xFE2F}, {0x302A, 0x302F}, {0xE0100, 0xE01EF}};
constexpr Range kDigits[] = {{'0', '9'},         {0x660, 0x669},   {0x966, 0x96F},
                             {0xFF10, 0xFF19},   {0x2160, 0x2188}, {0xB2, 0xB3},
                             {0xBC, 0xBE},       {0x2070, 0x2089}, {0x3021, 0x3029},
                             {0x1D7CE, 0x1D7FF}, {0x2460, 0x249B}};
constexpr std::string_view kSpaces[] = {
    " ",      " ",      " ",      "\n",     "\n",     "\t",     "\r",     "\r\n",   "\v",
    "\f",     "\u0085", "\u00A0", "\u1680", "\u180E", "\u2000", "\u2003", "\u2009", "\u200A",
    "\u200B", "\u2028", "\u2029", "\u202F", "\u205F", "\u2060", "\u3000", "\uFEFF", "\u2581"};
constexpr std::string_view kContractions[] = {
    "'s",  "'S",           "'t",      "'T",  "'re",     "'RE",  "'Re",   "'ve",
    "'VE", "'vE",          "'m",      "'M",  "'ll",     "'LL",  "'lL",   "'d",
    "'D",  "'x",           "''s",     "'",   "\u2019s", "it's", "WE'LL", "don't",
    " 's", "they\u2019re", "'\u017F", "I'M", "'r",      "'l",   "'v",    "x'"};
constexpr std::string_view kCode[] = {"for (int i = 0; i < n; ++i) {\n    a[i] += b[i];\n}\n",
                                      "def f(x):\n\treturn x**2  # square\n",
                                      "std::vector<std::pair<int,int>>{}",
                                      "if(a&&b||!c)",
                                      "<div class=\"x\">&nbsp;</div>",
                                      "https://example.org/a?b=c&d=%20e#f",
                                      "SELECT * FROM t WHERE a<>'b';",
                                      "\\frac{1}{2}",
                                      "camelCaseHTTPRequest",
                                      "snake_case_name",
                                      "0xDEADBEEF",
                                      "1e-5f",
                                      "3.14159",
                                      "1,234,567.89",
                                      "a+b=c^d~e|f`g`",
                                      "$x = @y;",
                                      "/* comment */ // more",
                                      "{\"k\": [1, 2, null]}",
                                      "=>",
                                      "!==",
                                      "user@host:~$ ls -la",
                                      "<sentinel:12>",
                                      "IMGIMGABCDZ",
                                      "<0x0A>",
                                      "ACGTacgtNN",
                                      "<dna>ACGTAC",
                                      "</dna>",
                                      "[UNK]",
                                      "##ing",
                                      "......",
                                      "----",
                                      "\u2014\u2014",
                                      "\u2026\u3002\uFF0C\u3001\u060C"};
constexpr std::string_view kEmoji[] = {"\U0001F600",
                                       "\U0001F469\u200D\U0001F469\u200D\U0001F467",
                                       "\U0001F1E9\U0001F1EA",
                                       "\U0001F44D\U0001F3FD",
                                       "\u2764\uFE0F",
                                       "1\uFE0F\u20E3",
                                       "\U0001F3F4\U000E0067\U000E0062\U000E007F",
                                       "\u00A9",
                                       "\u2122",
                                       "\U0001FAE0",
                                       "\u200D",
                                       "\uFE0E"};
constexpr std::string_view kWords[] = {"the",
                                       "Hello",
                                       "world",
                                       "internationalisation",
                                       "Stra\u00DFe",
                                       "na\u00EFve",
                                       "\u01C5ungla",
                                       "\u0130stanbul",
                                       "\u00C5ngstr\u00F6m",
                                       "\uFB01ne",
                                       "\u2126",
                                       "\u1E9E",
                                       "\u0627\u0644\u0633\u0644\u0627\u0645",
                                       "\u05E9\u05DC\u05D5\u05DD",
                                       "\u0928\u092E\u0938\u094D\u0924\u0947",
                                       "\u4F60\u597D\u4E16\u754C",
                                       "\u3053\u3093\u306B\u3061\u306F",
                                       "\uC548\uB155",
                                       "\u0E2A\u0E27\u0E31\u0E2A\u0E14\u0E35",
                                       "\u041F\u0440\u0438\u0432\u0435\u0442",
                                       "e\u0301t\u00E9",
                                       "\u1EA4\u0323",
                                       "\u0344",
                                       "\u212B"};

}  // namespace

RandomText::RandomText(uint64_t seed, std::vector<std::string> tokens,
                       std::vector<std::string> specials)
    : engine_(seed), tokens_(std::move(tokens)), specials_(std::move(specials)) {}

std::string RandomText::code_point_of(uint32_t first, uint32_t last) {
  std::string out;
  append_utf8(first + static_cast<uint32_t>(below(last - first + 1)), &out);
  return out;
}

std::string RandomText::character() {
  const Range& plane = kPlanes[below(std::size(kPlanes))];
  return code_point_of(plane.first, plane.last);
}

std::string RandomText::script_letter() {
  const Range& script = kScripts[below(std::size(kScripts))];
  return code_point_of(script.first, script.last);
}

std::string RandomText::marked_letter() {
  const Range& mark = kMarks[below(std::size(kMarks))];
  return script_letter() + code_point_of(mark.first, mark.last);
}

std::string RandomText::digit() {
  const Range& digits = kDigits[below(4) == 0 ? below(std::size(kDigits)) : 0];
  return code_point_of(digits.first, digits.last);
}

std::string RandomText::space() { return std::string(any(kSpaces)); }

std::string RandomText::word() {
  std::string out(any(kWords));
  if (below(3) == 0) out.insert(0, " ");
  return out;
}

std::string RandomText::byte() {
  if (below(50) == 0) return "\xF4\x90\x80\x80";  // above U+10FFFF
  return std::string(1, static_cast<char>(below(256)));
}

std::string RandomText::broken_special() {
  if (specials_.empty()) return "<|broken";
  std::string text = specials_[below(specials_.size())];
  switch (below(4)) {
    case 0:
      text.resize(text.size() / 2);
      break;
    case 1:
      text.insert(below(text.size() + 1), " ");
      break;
    case 2:
      text = text.substr(std::min<size_t>(1, text.size()));
      break;
    default:
      text += text.substr(0, text.size() / 2);
  }
  return text;
}

std::string RandomText::several(size_t most, std::string (RandomText::*one)()) {
  std::string out;
  for (size_t n = 1 + below(most); n > 0; --n) out += (this->*one)();
  return out;
}

std::string RandomText::part() {
  switch (below(16)) {
    case 0:
      return several(12, &RandomText::character);
    case 1: {  // one script
      const Range& script = kScripts[below(std::size(kScripts))];
      std::string out;
      for (size_t n = 1 + below(12); n > 0; --n) out += code_point_of(script.first, script.last);
      return out;
    }
    case 2:
      return several(8, &RandomText::script_letter);
    case 3:
      return several(5, &RandomText::marked_letter);
    case 4:
      return std::string(any(kEmoji));
    case 5:
      return several(10, &RandomText::digit);
    case 6:
      return several(6, &RandomText::space);
    case 7:
      return std::string(any(kContractions));
    case 8:
      return std::string(any(kCode));
    case 9:
      return specials_.empty() ? std::string() : specials_[below(specials_.size())];
    case 10:
      return broken_special();
    case 11:
      return several(4, &RandomText::byte);
    case 12:
    case 13:
      return tokens_.empty() ? word() : tokens_[below(tokens_.size())];
    case 14:
      return std::string(1 + below(9), static_cast<char>(0x20 + below(0x5F)));
    default:
      return word();
  }
}

std::string RandomText::next() {
  if (below(200) == 0) return {};
  std::string text;
  if (below(400) == 0) {  // one very long word
    const std::string unit = below(2) == 0 ? script_letter() : word().substr(0, 3);
    while (text.size() < 1500) text += below(3) == 0 ? unit : script_letter();
    return text;
  }
  for (size_t n = 1 + below(10); n > 0; --n) {
    text += part();
    if (below(3) == 0) text += ' ';
  }
  return text;
}

}  // namespace crossval::testing_text
