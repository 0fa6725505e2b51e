#include "tokenizer/pretokenizer_search/word_cuts.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <vector>

#include "base/read_file.h"
#include "tokenizer/gguf/pretokenizer.h"
#include "tokenizer/hugging_face/pretokenizer.h"
#include "tokenizer/text/code_points.h"

namespace crossval {
namespace {

constexpr size_t kMostBytes = size_t{1} << 28;

size_t characters(std::string_view text) {
  size_t n = 0;
  for (const char c : text) n += (static_cast<unsigned char>(c) & 0xC0U) != 0x80U ? 1 : 0;
  return n;
}

/// Where words end, in bytes. Byte-level words have a character a byte.
Result<std::vector<size_t>> ends_of_file(const std::string& path, std::string_view text) {
  const auto bytes = read_file(path, kMostBytes);
  if (!bytes) return tl::unexpected(bytes.error());
  const nlohmann::json file = nlohmann::json::parse(*bytes, nullptr, false);
  const auto rule = HfPreTokenizer::parse(hf_find(file, "pre_tokenizer"), {path, "pre_tokenizer"});
  if (!rule) return tl::unexpected(rule.error());
  std::vector<HfWord> words = {{std::string(text), true}};
  if (auto done = rule->apply(&words); !done) return tl::unexpected(done.error());
  std::vector<size_t> ends;
  ends.reserve(words.size());
  size_t at = 0;
  for (const HfWord& word : words) ends.push_back(at += characters(word.text));
  if (at != text.size())
    return fail(ExitCode::bad_input_file, "the words are not made of the text's bytes", path);
  return ends;
}

}  // namespace

Result<bool> cuts_alike(std::string_view pre_tokenizer, const std::string& path,
                        std::string_view text) {
  const PreTokenizerEntry* entry = find_pretokenizer(pre_tokenizer);
  if (entry == nullptr) {
    return fail(ExitCode::bad_input_file,
                fmt::format("pre-tokenizer '{}' is not known", pre_tokenizer));
  }
  const auto theirs = ends_of_file(path, text);
  if (!theirs) return tl::unexpected(theirs.error());
  const auto rule = PreTokenizer::create(*entry);
  if (!rule) return tl::unexpected(rule.error());
  std::vector<uint32_t> points;
  std::vector<size_t> byte_ends;
  for (size_t at = 0; at < text.size();) {
    points.push_back(next_code_point(text, &at));
    byte_ends.push_back(at);
  }
  const auto cut = rule->word_ends(points);
  if (!cut) return tl::unexpected(cut.error());
  std::vector<size_t> ours;
  for (const size_t end : *cut)
    if (end > 0 && (ours.empty() || byte_ends[end - 1] != ours.back()))
      ours.push_back(byte_ends[end - 1]);
  return ours == *theirs;
}

}  // namespace crossval
