#include "suite/located_json.h"

#include <cctype>
#include <cstddef>
#include <iterator>
#include <set>
#include <utility>
#include <vector>

#include "prompt/conversation.h"

namespace crossval {
namespace {

using Json = nlohmann::ordered_json;

// Counts the lines that the parser has read.
class CountingIterator {
 public:
  using iterator_category = std::input_iterator_tag;
  using value_type = char;
  using difference_type = std::ptrdiff_t;
  using pointer = const char*;
  using reference = const char&;

  CountingIterator(std::string_view::const_iterator at, int* line) : at_(at), line_(line) {}

  const char& operator*() const { return *at_; }
  CountingIterator& operator++() {
    if (*at_ == '\n') ++*line_;
    ++at_;
    return *this;
  }
  CountingIterator operator++(int) {
    const CountingIterator before = *this;
    ++*this;
    return before;
  }
  bool operator==(const CountingIterator& other) const { return at_ == other.at_; }
  bool operator!=(const CountingIterator& other) const { return at_ != other.at_; }

 private:
  std::string_view::const_iterator at_;
  int* line_;
};

// Notes the line of each member as it comes by.
class Lines : public nlohmann::json_sax<Json> {
 public:
  Lines(const int& line, std::map<std::string, int>& lines) : line_(line), lines_(lines) {}

  std::string twice;  // pointer of a key that is there twice
  std::string message;

  bool null() override { return value(); }
  bool boolean(bool /*unused*/) override { return value(); }
  bool number_integer(number_integer_t /*unused*/) override { return value(); }
  bool number_unsigned(number_unsigned_t /*unused*/) override { return value(); }
  bool number_float(number_float_t /*unused*/, const string_t& /*unused*/) override {
    return value();
  }
  bool string(string_t& /*unused*/) override { return value(); }
  bool binary(binary_t& /*unused*/) override { return value(); }

  bool start_object(size_t /*unused*/) override { return open(false); }
  bool start_array(size_t /*unused*/) override { return open(true); }
  bool key(string_t& name) override {
    Level& level = levels_.back();
    level.key = name;
    std::string at = pointer();
    const bool is_new = level.keys.insert(name).second;
    if (!is_new && twice.empty()) twice = at;
    lines_.insert_or_assign(std::move(at), line_);
    return true;
  }
  bool end_object() override { return close(); }
  bool end_array() override { return close(); }
  bool parse_error(size_t /*position*/, const std::string& /*token*/,
                   const nlohmann::detail::exception& error) override {
    message = error.what();
    return false;
  }

 private:
  struct Level {
    bool array = false;
    size_t index = 0;
    std::string key{};
    std::set<std::string> keys{};
  };

  std::string pointer() const {
    std::string all;
    for (const Level& level : levels_) {
      all += "/";
      for (const char c : level.array ? std::to_string(level.index) : level.key) {
        if (c == '~' || c == '/') {
          all += c == '~' ? "~0" : "~1";  // RFC 6901
        } else {
          all += c;
        }
      }
    }
    return all;
  }

  void note() {
    if (!levels_.empty() && levels_.back().array) lines_.try_emplace(pointer(), line_);
  }
  bool value() {
    note();
    next();
    return true;
  }
  void next() {
    if (!levels_.empty() && levels_.back().array) ++levels_.back().index;
  }
  bool open(bool array) {
    note();
    if (levels_.size() == kMaxJsonDepth) {
      message = "nested too deep";
      return false;
    }
    levels_.push_back({.array = array});
    return true;
  }
  bool close() {
    levels_.pop_back();
    next();
    return true;
  }

  const int& line_;
  std::map<std::string, int>& lines_;
  std::vector<Level> levels_;
};

// What the parser says behind "[json.exception.parse_error.101] parse error at line 1, column 2: ".
std::string told(std::string message) {
  const size_t colon = message.find(": ");
  return colon == std::string::npos ? message : message.substr(colon + 2);
}

// "/pairs/0/candidate" as people write it: "pairs[0].candidate".
std::string spoken(const std::string& pointer) {
  std::string text;
  for (size_t at = 0; at < pointer.size();) {
    const size_t end = std::min(pointer.find('/', at + 1), pointer.size());
    const std::string word = pointer.substr(at + 1, end - at - 1);
    const bool index = !word.empty() && word.find_first_not_of("0123456789") == std::string::npos;
    if (index) {
      text += "[" + word + "]";
    } else {
      text += (text.empty() ? "" : ".") + word;
    }
    at = end;
  }
  return text;
}

}  // namespace

Result<LocatedJson> LocatedJson::parse(std::string_view text, std::string path) {
  LocatedJson made;
  made.path_ = std::move(path);
  int line = 1;
  Lines lines(line, made.lines_);
  int unused = 0;
  const bool parsed = Json::sax_parse(CountingIterator(text.begin(), &line),
                                      CountingIterator(text.end(), &unused), &lines);
  if (!parsed) {
    return fail(ExitCode::bad_input_file, "it is no JSON: " + told(lines.message),
                made.path_ + ", line " + std::to_string(line));
  }
  if (!lines.twice.empty()) {
    return fail(ExitCode::bad_input_file, "the key is there twice", made.where(lines.twice));
  }
  made.root_ = Json::parse(text);
  return made;
}

std::string LocatedJson::where(const std::string& pointer) const {
  std::string text = path_;
  for (std::string at = pointer; !at.empty(); at.erase(at.rfind('/'))) {
    const auto found = lines_.find(at);
    if (found == lines_.end()) continue;
    text += ", line " + std::to_string(found->second);
    break;
  }
  return pointer.empty() ? text : text + ", key " + spoken(pointer);
}

}  // namespace crossval
