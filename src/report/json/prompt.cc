#include "report/json/prompt.h"

namespace crossval {
namespace {

Json choice(const std::string& what, const std::string& why) {
  return {{"choice", json_bytes(what)}, {"why", json_bytes(why)}};
}

}  // namespace

Json json_prompt(const PromptRecord& prompt) {
  return {{"text", json_bytes(prompt.text)},
          {"form", choice(prompt.form, prompt.form_why)},
          {"bos", choice(prompt.bos, prompt.bos_why)},
          {"special", choice(prompt.special, prompt.special_why)}};
}

Json json_warnings(const std::vector<Warning>& warnings) {
  Json all = Json::array();
  for (const Warning& warning : warnings) {
    all.push_back({{"name", warning.name}, {"message", json_bytes(warning.message)}});
  }
  return all;
}

}  // namespace crossval
