#include "suite/prompts.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/read_file.h"
#include "base/sha256.h"
#include "base/utf8.h"
#include "launch/reference/program.h"
#include "prompt/conversation.h"
#include "suite/built_in_prompts.h"
#include "suite/chunks.h"
#include "suite/fetched_prompts.h"
#include "suite/suite_file.h"

namespace crossval {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

constexpr size_t kMostPromptBytes = size_t{256} << 20;

tl::unexpected<Error> bad(std::string what, std::string where, std::string hint = {}) {
  return fail(ExitCode::bad_input_file, std::move(what), std::move(where), std::move(hint));
}

const Json* string_of(const Json& line, const char* key) {
  const auto found = line.find(key);
  return found != line.end() && found->is_string() ? &*found : nullptr;
}

bool is_count(const Json& json) {
  return json.is_number_integer() && json.get<int64_t>() >= 0 && json.get<int64_t>() <= INT32_MAX;
}

Result<SuitePrompt> tokens_of(const Json& tokens, SuitePrompt prompt, const std::string& where) {
  if (!tokens.is_array() || tokens.empty() || !std::ranges::all_of(tokens, is_count))
    return bad("\"tokens\" is no list of token ids", where);
  for (const Json& token : tokens) {
    if (!prompt.text.empty()) prompt.text += ',';
    prompt.text += token.dump();
  }
  prompt.kind = PromptKind::tokens;
  return prompt;
}

Result<SuitePrompt> prompt_of(const Json& line, const std::string& where, const std::string& name) {
  if (!line.is_object()) return bad("the line is no JSON object", where);
  SuitePrompt prompt{.id = name};
  for (const char* key : {"id", "task_id"}) {
    if (const Json* id = string_of(line, key)) {
      prompt.id = id->get<std::string>();
      break;
    }
  }
  if (const auto from = line.find("score_from"); from != line.end()) {
    if (!is_count(*from)) return bad("\"score_from\" is no position", where);
    prompt.score_from = from->get<int32_t>();
  }
  for (const char* key : {"text", "prompt"}) {
    const Json* text = string_of(line, key);
    if (text == nullptr) continue;
    if (text->get_ref<const std::string&>().empty()) return bad("the prompt is empty", where);
    prompt.text = text->get<std::string>();
    return prompt;
  }
  const auto messages = line.find("messages");
  const auto tokens = line.find("tokens");
  if (messages == line.end() && tokens != line.end())
    return tokens_of(*tokens, std::move(prompt), where);
  if (messages == line.end() || !messages->is_array() || messages->empty()) {
    return bad("the line has no prompt", where,
               "Give it \"text\" (a string), \"messages\" or \"tokens\" (lists).");
  }
  // The whole request: tools and what else a template reads belong to it.
  Json request = line;
  request.erase("id");
  request.erase("task_id");
  request.erase("score_from");
  prompt.text = request.dump();
  prompt.kind = PromptKind::messages;
  return prompt;
}

Result<std::string> read_text(const std::string& path) {
  auto text = read_file(path, kMostPromptBytes);
  if (!text) return text;
  if (text->empty()) return bad("it is empty", path);
  return text;
}

// A file that is one prompt, called `id`.
Result<SuitePrompt> single_prompt(std::string text, const std::string& path, std::string id) {
  if (!is_valid_utf8(text)) {
    return bad("the text is not UTF-8", path,
               "A suite keeps its prompts as JSON, which holds Unicode text alone.");
  }
  const bool messages = path.ends_with(".json");
  return SuitePrompt{std::move(id), std::move(text),
                     messages ? PromptKind::messages : PromptKind::text};
}

Result<std::vector<SuitePrompt>> read_file_set(const PromptSet& set,
                                               std::span<const std::string> vocabularies) {
  auto text = read_text(set.file);
  if (!text) return tl::unexpected(text.error());
  if (!set.sha256.empty() && sha256_of(*text) != set.sha256) {
    return bad("the file is not the one that the suite names: its SHA-256 is " + sha256_of(*text),
               set.file, "Get the right one, or write this sum into the suite file.");
  }
  std::string name = fs::path(set.file).filename().string();
  if (set.chunk) return cut_into_chunks(*text, name, *set.chunk, vocabularies);
  if (set.file.ends_with(".jsonl")) return parse_prompt_lines(*text, set.file);
  auto prompt = single_prompt(*std::move(text), set.file, std::move(name));
  if (!prompt) return tl::unexpected(prompt.error());
  return std::vector<SuitePrompt>{*std::move(prompt)};
}

Result<std::vector<SuitePrompt>> read_folder_set(const std::string& folder) {
  std::error_code failed;
  std::vector<fs::path> paths;
  for (fs::recursive_directory_iterator at(folder, failed), end; !failed && at != end;
       at.increment(failed)) {
    if (at->is_regular_file()) paths.push_back(at->path());
  }
  if (failed) return bad("the folder cannot be read: " + failed.message(), folder);
  if (paths.empty()) return bad("the folder has no files", folder);
  std::ranges::sort(paths);
  std::vector<SuitePrompt> prompts;
  for (const fs::path& path : paths) {
    auto text = read_text(path.string());
    if (!text) return tl::unexpected(text.error());
    auto prompt =
        single_prompt(*std::move(text), path.string(), path.lexically_relative(folder).string());
    if (!prompt) return tl::unexpected(prompt.error());
    prompts.push_back(*std::move(prompt));
  }
  return prompts;
}

Result<std::vector<SuitePrompt>> read_set(const PromptSet& set,
                                          std::span<const std::string> vocabularies) {
  if (!set.file.empty()) return read_file_set(set, vocabularies);
  if (!set.folder.empty()) return read_folder_set(set.folder);
  if (is_fetched_prompt_set(set.set)) return fetched_prompts(set.set, cache_folder());
  return built_in_prompts(set.set);
}

}  // namespace

Result<std::vector<SuitePrompt>> parse_prompt_lines(std::string_view text,
                                                    const std::string& path) {
  std::vector<SuitePrompt> prompts;
  const std::string name = fs::path(path).filename().string();
  for (int number = 1; !text.empty(); ++number) {
    const size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.empty()) continue;
    const std::string where = fmt::format("{}, line {}", path, number);
    bool deep = false;
    const Json json = Json::parse(line, within_depth(deep), false);
    if (deep) return bad("the line's JSON is nested too deep", where);
    if (json.is_discarded()) return bad("the line is no JSON", where);
    auto prompt = prompt_of(json, where, fmt::format("{}:{}", name, number));
    if (!prompt) return tl::unexpected(prompt.error());
    prompts.push_back(*std::move(prompt));
  }
  if (prompts.empty()) return bad("it holds no prompt", path);
  return prompts;
}

Result<std::vector<SuitePrompt>> read_prompts(std::span<const PromptSet> sets,
                                              std::span<const std::string> vocabularies) {
  std::vector<SuitePrompt> prompts;
  std::map<std::string, std::string> known;  // id: where it is from
  for (const PromptSet& set : sets) {
    auto more = read_set(set, vocabularies);
    if (!more) return tl::unexpected(more.error());
    for (SuitePrompt& prompt : *more) {
      const auto [at, is_new] = known.emplace(prompt.id, set.where);
      if (!is_new) {
        return bad("two prompts are called \"" + prompt.id + "\"", set.where,
                   "The first is of " + at->second + ".");
      }
      prompts.push_back(std::move(prompt));
    }
  }
  return prompts;
}

std::string prompt_lines(std::span<const SuitePrompt> prompts) {
  std::string lines;
  for (const SuitePrompt& prompt : prompts) {
    Json line{{"id", prompt.id}};
    if (prompt.score_from) line["score_from"] = *prompt.score_from;
    if (prompt.kind == PromptKind::tokens) {
      line["tokens"] = Json::parse("[" + prompt.text + "]", nullptr, false);
    } else if (prompt.kind == PromptKind::messages) {
      Json request = Json::parse(prompt.text, nullptr, false);
      if (request.is_array()) request = Json{{"messages", std::move(request)}};
      line.update(request);
    } else {
      line["text"] = prompt.text;
    }
    lines += line.dump() + "\n";
  }
  return lines;
}

}  // namespace crossval
