#include "recording/facts.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/utf8.h"

namespace crossval {
namespace {

using Json = nlohmann::json;

// JSON is UTF-8, a prompt any bytes: those of one that is not stand as numbers.
Json bytes_json(const std::string& bytes) {
  if (is_valid_utf8(bytes)) return bytes;
  Json numbers = Json::array();
  for (const char byte : bytes) numbers.push_back(static_cast<uint8_t>(byte));
  return numbers;
}

std::string bytes_from(const Json& json) {
  if (!json.is_array()) return json.get<std::string>();
  std::string bytes;
  for (const Json& byte : json) bytes += static_cast<char>(byte.get<uint8_t>());
  return bytes;
}

Json decision_json(const PromptDecision& decision) {
  return {{"choice", decision.choice}, {"why", decision.why}};
}

PromptDecision decision_from(const Json& json) {
  return {json.at("choice").get<std::string>(), json.at("why").get<std::string>()};
}

Json prompt_json(const Prompt& prompt) {
  Json warnings = Json::array();
  for (const PromptWarning& warning : prompt.warnings)
    warnings.push_back({{"name", warning.name}, {"message", warning.message}});
  return {{"text", bytes_json(prompt.text)},
          {"ids", prompt.ids},
          {"add_special", prompt.tokenize.add_special},
          {"parse_special", prompt.tokenize.parse_special},
          {"prepend_bos", prompt.prepend_bos},
          {"bos_text", bytes_json(prompt.bos_text)},
          {"form", decision_json(prompt.form)},
          {"bos", decision_json(prompt.bos)},
          {"special", decision_json(prompt.special)},
          {"warnings", warnings}};
}

Prompt prompt_from(const Json& json) {
  Prompt prompt;
  prompt.text = bytes_from(json.at("text"));
  prompt.ids = json.at("ids").get<std::vector<TokenId>>();
  prompt.tokenize.add_special = json.at("add_special").get<bool>();
  prompt.tokenize.parse_special = json.at("parse_special").get<bool>();
  prompt.prepend_bos = json.at("prepend_bos").get<bool>();
  prompt.bos_text = bytes_from(json.at("bos_text"));
  prompt.form = decision_from(json.at("form"));
  prompt.bos = decision_from(json.at("bos"));
  prompt.special = decision_from(json.at("special"));
  for (const Json& warning : json.at("warnings"))
    prompt.warnings.push_back(
        {warning.at("name").get<std::string>(), warning.at("message").get<std::string>()});
  return prompt;
}

RecordingFacts facts_from(const Json& json) {
  RecordingFacts facts;
  facts.client = json.at("client").get<std::string>();
  facts.top_tokens = json.at("top_tokens").get<int32_t>();
  facts.tensors = json.at("tensors").get<std::string>();
  facts.asked_differences = json.at("asked").get<std::vector<std::string>>();
  for (const Json& part : json.at("model"))
    facts.model.push_back({part.at("path").get<std::string>(), part.at("bytes").get<uint64_t>(),
                           part.at("sha256").get<std::string>()});
  facts.prompt = prompt_from(json.at("prompt"));
  return facts;
}

}  // namespace

std::string recording_facts_json(const RecordingFacts& facts) {
  Json parts = Json::array();
  for (const ModelPart& part : facts.model)
    parts.push_back({{"path", part.path}, {"bytes", part.bytes}, {"sha256", part.sha256}});
  const Json json = {{"format", kRecordingFormat},         {"client", facts.client},
                     {"top_tokens", facts.top_tokens},     {"tensors", facts.tensors},
                     {"asked", facts.asked_differences},   {"model", parts},
                     {"prompt", prompt_json(facts.prompt)}};
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Result<RecordingFacts> parse_recording_facts(std::string_view text) {
  const auto bad = [](std::string what) { return fail(ExitCode::bad_input_file, std::move(what)); };
  const Json json = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object()) return bad("it does not begin with a recording's description");
  const auto format = json.find("format");
  if (format == json.end() || *format != kRecordingFormat) {
    return bad(fmt::format("it is of format {}, and this program reads format {}",
                           format == json.end() ? "?" : format->dump(), kRecordingFormat));
  }
  try {
    return facts_from(json);
  } catch (const Json::exception& problem) {
    return bad(
        fmt::format("its description is not as docs/recording.md has it: {}", problem.what()));
  }
}

}  // namespace crossval
