#include "engine/spec.h"

#include <algorithm>
#include <iterator>
#include <vector>

#include "base/command_words.h"
#include "base/shell_quote.h"
#include "engine/hugging_face.h"
#include "engine/server_spec.h"

namespace crossval {
namespace {

// Splits at single commas; a doubled comma is a literal one.
std::vector<std::string> split_options(std::string_view text) {
  std::vector<std::string> parts(1);
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != ',') {
      parts.back() += text[i];
    } else if (i + 1 < text.size() && text[i + 1] == ',') {
      parts.back() += ',';
      ++i;
    } else {
      parts.emplace_back();
    }
  }
  return parts;
}

constexpr std::string_view kHttps = "https";

// Takes key=value from `parts` from `first` on. Why they are none, or nothing.
std::string take_options(const std::vector<std::string>& parts, size_t first, EngineSpec& spec) {
  for (size_t i = first; i < parts.size(); ++i) {
    const std::string& part = parts[i];
    const size_t equals = part.find('=');
    if (equals == std::string::npos || equals == 0) return "\"" + part + "\" is not key=value";
    if (!spec.options.emplace(part.substr(0, equals), part.substr(equals + 1)).second)
      return "key \"" + part.substr(0, equals) + "\" is given twice";
  }
  return {};
}

// http:URL, and a URL by itself; without "//" it is HOST:PORT.
Result<EngineSpec> parse_server(std::string_view text) {
  const std::vector<std::string> parts = split_options(text);
  EngineSpec spec{std::string(kHttp), {}};
  const size_t colon = parts.front().find(':');
  const std::string behind = colon == std::string::npos ? "" : parts.front().substr(colon + 1);
  const bool has_scheme = behind.starts_with("http://") || behind.starts_with("https://");
  spec.operand = behind.starts_with("//") ? parts.front() : (has_scheme ? "" : "http://") + behind;
  std::string problem = take_options(parts, 1, spec);
  if (behind.empty()) problem = "the address is missing";
  if (problem.empty()) return spec;
  return fail(ExitCode::usage, "bad engine \"" + std::string(text) + "\": " + problem, {},
              "Write http://HOST:PORT[,key=value], e.g. http://127.0.0.1:8080,top=20.");
}

}  // namespace

std::string EngineSpec::get(const std::string& key, const std::string& fallback) const {
  const auto it = options.find(key);
  return it == options.end() ? fallback : it->second;
}

Result<EngineSpec> parse_engine_spec(std::string_view text) {
  const auto bad = [&](const std::string& why) {
    return fail(ExitCode::usage, "bad engine \"" + std::string(text) + "\": " + why, {},
                "Write name[:key=value[,key=value]], e.g. native:threads=2,kv=f32.");
  };
  const size_t colon = text.find(':');
  EngineSpec spec{std::string(text.substr(0, colon)), {}};
  if (spec.name.empty()) return bad("the name is missing");
  if (spec.name == kHttp || spec.name == kHttps) return parse_server(text);
  std::string_view rest = colon == std::string_view::npos ? "" : text.substr(colon + 1);
  if (spec.name == kExec) {
    auto command = take_command(rest);
    if (!command) return bad(command.error().what);
    spec.command = *std::move(command);
    if (rest.empty()) return spec;
  }
  if (colon == std::string_view::npos) return spec;
  std::vector<std::string> parts = split_options(rest);
  const bool takes_operand =
      std::ranges::find(kOperandEngines, spec.name) != std::end(kOperandEngines);
  if (takes_operand) {
    spec.operand = parts.front();
    if (spec.operand.empty()) return bad("nothing stands behind " + spec.name + ":");
    parts.erase(parts.begin());
  }
  if (!takes_operand && spec.command.empty() && !parts.front().empty() &&
      parts.front().find('=') == std::string::npos) {
    if (spec.name == kHuggingFace) {
      spec.options.emplace("model", parts.front());
    } else {
      spec.name += ":" + parts.front();
    }
    parts.erase(parts.begin());
  }
  const std::string problem = take_options(parts, 0, spec);
  if (!problem.empty()) return bad(problem);
  return spec;
}

std::string spec_text(const EngineSpec& spec) {
  std::string text = spec.name == kHttp ? "" : spec.name;
  for (const std::string& word : spec.command)
    text += (word == spec.command.front() ? ":" : " ") + shell_quoted(word);
  const auto put = [&](const std::string& value) {
    for (const char c : value) text += c == ',' ? ",," : std::string(1, c);
  };
  if (!spec.operand.empty()) {
    if (spec.name != kHttp) text += ':';
    put(spec.operand);
  }
  // Behind a variant or a command comes a comma.
  char separator = text.find(':') == std::string::npos ? ':' : ',';
  for (const auto& [key, value] : spec.options) {
    text += separator + key + "=";
    put(value);
    separator = ',';
  }
  return text;
}

}  // namespace crossval
