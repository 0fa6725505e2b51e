#include "report/json/tensor_matching.h"

#include "report/json/engine.h"
#include "report/json/prompt.h"
#include "report/json/schema_version.h"
#include "report/json/values.h"
#include "report/words.h"

namespace crossval {
namespace {

Json lone_of(const std::vector<LoneTensor>& tensors) {
  Json list = Json::array();
  for (const LoneTensor& tensor : tensors)
    list.push_back({{"tensor", json_bytes(tensor.label)}, {"width", tensor.width}});
  return list;
}

}  // namespace

std::string tensor_matching_json(const TensorMatching& result) {
  Json matches = Json::array(), never = Json::array();
  for (const TensorMatch& match : result.matches) {
    matches.push_back({{"candidate", json_bytes(match.candidate)},
                       {"reference", json_bytes(match.reference)},
                       {"by", matched_word(match.by)},
                       {"width", match.width},
                       {"distance", json_number(match.distance)}});
  }
  for (const std::string& name : result.never_shown) never.push_back(json_bytes(name));
  const bool none = result.matches.empty();
  return json_document({{"schema_version", kJsonSchemaVersion},
                        {"status", none ? "none" : "ok"},
                        {"verdict", none ? "NOT-MATCHED" : "MATCHED"},
                        {"exit_code", static_cast<int>(exit_code(result))},
                        {"candidate", json_engine(result.candidate)},
                        {"reference", json_engine(result.reference)},
                        {"prompt", json_prompt(result.prompt)},
                        {"tokens", result.tokens},
                        {"matches", matches},
                        {"only_candidate", lone_of(result.only_candidate)},
                        {"only_reference", lone_of(result.only_reference)},
                        {"never_shown", never},
                        {"names_path", json_bytes(result.names_path)},
                        {"warnings", json_warnings(result.warnings)}});
}

}  // namespace crossval
