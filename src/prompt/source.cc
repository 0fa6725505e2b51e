#include "prompt/source.h"

#include <charconv>
#include <string_view>

#include "base/read_file.h"
#include "prompt/text_encoding.h"

namespace crossval {
namespace {

constexpr size_t kMaxPromptBytes = size_t{256} << 20;

Result<std::vector<TokenId>> parse_ids(std::string_view text) {
  std::vector<TokenId> ids;
  const auto bad = [&](std::string_view part) {
    return fail(ExitCode::usage, "\"" + std::string(part) + "\" is not a token id", "--tokens",
                "Write ids separated by commas, e.g. --tokens 1,2,3.");
  };
  while (true) {
    const size_t comma = text.find(',');
    std::string_view part = text.substr(0, comma);
    while (part.starts_with(' ')) part.remove_prefix(1);
    while (part.ends_with(' ')) part.remove_suffix(1);
    TokenId id = 0;
    const auto [end, status] = std::from_chars(part.data(), part.data() + part.size(), id);
    if (status != std::errc{} || end != part.data() + part.size() || id < 0) return bad(part);
    ids.push_back(id);
    if (comma == std::string_view::npos) return ids;
    text.remove_prefix(comma + 1);
  }
}

Result<std::string> read_text(const std::string& path) {
  Result<std::string> text = read_file(path, kMaxPromptBytes);
  if (!text) return text;
  if (auto narrow = refuse_wide_text(*text, path); !narrow) return tl::unexpected(narrow.error());
  return text;
}

Result<PromptSource> non_empty(std::string text, const std::string& where) {
  if (text.empty()) {
    return fail(ExitCode::usage, "the prompt is empty", where, "Give at least one byte of text.");
  }
  return PromptSource(std::move(text));
}

}  // namespace

Result<PromptSource> read_prompt_source(const PromptRequest& request) {
  const int given = request.text.has_value() + request.file.has_value() +
                    request.messages.has_value() + request.messages_file.has_value() +
                    request.token_ids.has_value() + request.rendered_file.has_value();
  if (given != 1) {
    return fail(ExitCode::usage, given == 0 ? "no prompt given" : "more than one prompt given", {},
                "Give exactly one of -p TEXT, -f FILE, --messages FILE.json and --tokens 1,2,3.");
  }
  if (request.text) return non_empty(*request.text, "-p");
  for (const auto& file : {request.file, request.rendered_file}) {
    if (!file) continue;
    Result<std::string> text = read_text(*file);
    if (!text) return tl::unexpected(text.error());
    return non_empty(*std::move(text), *file);
  }
  if (request.messages || request.messages_file) {
    Result<std::string> json =
        request.messages ? *request.messages : read_text(*request.messages_file);
    if (!json) return tl::unexpected(json.error());
    auto conversation =
        parse_conversation(*json, request.messages_file.value_or("messages"), request.system);
    if (!conversation) return tl::unexpected(conversation.error());
    return PromptSource(*std::move(conversation));
  }
  auto ids = parse_ids(*request.token_ids);
  if (!ids) return tl::unexpected(ids.error());
  return PromptSource(*std::move(ids));
}

}  // namespace crossval
