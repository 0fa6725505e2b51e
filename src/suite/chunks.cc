#include "suite/chunks.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <filesystem>
#include <utility>

#include "tokenizer/tokenizer.h"

namespace crossval {
namespace {

struct Ids {
  std::vector<int32_t> ids;
  std::optional<int32_t> bos;  // that stands in front of each chunk
};

Result<Ids> ids_of(std::string_view text, const std::string& vocabulary) {
  std::error_code failed;
  const bool folder = std::filesystem::is_directory(vocabulary, failed);
  const auto tokenizer = Tokenizer::from_file(folder ? vocabulary + "/tokenizer.json" : vocabulary);
  if (!tokenizer) return tl::unexpected(tokenizer.error());
  auto ids = (*tokenizer)->encode(text, /*add_special=*/true, /*parse_special=*/false);
  if (!ids) return tl::unexpected(ids.error());
  Ids result{*std::move(ids), std::nullopt};
  if ((*tokenizer)->add_bos()) result.bos = (*tokenizer)->bos();
  return result;
}

}  // namespace

Result<std::vector<SuitePrompt>> cut_into_chunks(std::string_view text, const std::string& name,
                                                 const ChunkPlan& plan,
                                                 std::span<const std::string> vocabularies) {
  const auto bad = [&](std::string what, std::string hint) {
    return fail(ExitCode::bad_input_file, std::move(what), name, std::move(hint));
  };
  if (vocabularies.empty())
    return bad("no engine of the suite has a vocabulary to cut a text by", "Give it a \"model\".");
  if (text.ends_with('\n')) text.remove_suffix(1);
  auto cut = ids_of(text, vocabularies.front());
  if (!cut) return tl::unexpected(cut.error());
  for (const std::string& other : vocabularies.subspan(1)) {
    const auto also = ids_of(text, other);
    if (!also) return tl::unexpected(also.error());
    if (also->ids == cut->ids && also->bos == cut->bos) continue;
    return bad("the suite's models make different ids of the text",
               fmt::format("{} and {} do: write a suite for each vocabulary.", vocabularies.front(),
                           other));
  }
  const auto size = static_cast<size_t>(plan.tokens);
  if (cut->ids.size() < 2 * size) {
    return bad(fmt::format("the text has {} tokens, and two chunks of {} are the least",
                           cut->ids.size(), plan.tokens),
               "Give a longer text or a smaller \"chunk\".");
  }
  const size_t most = static_cast<size_t>(plan.chunks.value_or(INT32_MAX));
  const size_t chunks = std::min(cut->ids.size() / size, most);
  std::vector<SuitePrompt> prompts;
  prompts.reserve(chunks);
  for (size_t i = 0; i < chunks; ++i) {
    const std::span chunk = std::span(cut->ids).subspan(i * size, size);
    if (cut->bos) chunk.front() = *cut->bos;
    prompts.push_back({.id = fmt::format("{}/{}", name, i),
                       .text = fmt::format("{}", fmt::join(chunk, ",")),
                       .kind = PromptKind::tokens,
                       .score_from = plan.tokens / 2});
  }
  return prompts;
}

}  // namespace crossval
