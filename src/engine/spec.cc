#include "engine/spec.h"

#include <algorithm>
#include <iterator>
#include <vector>

#include "base/command_words.h"
#include "base/shell_quote.h"

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
    spec.name += ":" + parts.front();
    parts.erase(parts.begin());
  }
  for (const std::string& part : parts) {
    const size_t equals = part.find('=');
    if (equals == std::string::npos || equals == 0) return bad("\"" + part + "\" is not key=value");
    if (!spec.options.emplace(part.substr(0, equals), part.substr(equals + 1)).second) {
      return bad("key \"" + part.substr(0, equals) + "\" is given twice");
    }
  }
  return spec;
}

std::string spec_text(const EngineSpec& spec) {
  std::string text = spec.name;
  for (const std::string& word : spec.command)
    text += (word == spec.command.front() ? ":" : " ") + shell_quoted(word);
  const auto put = [&](const std::string& value) {
    for (const char c : value) text += c == ',' ? ",," : std::string(1, c);
  };
  if (!spec.operand.empty()) {
    text += ':';
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
