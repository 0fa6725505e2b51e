#include "report/json/checkpoint_comparison.h"

#include "report/json/schema_version.h"
#include "report/json/values.h"

namespace crossval {
namespace {

Json groups_json(const std::vector<TensorGroup>& groups) {
  Json all = Json::array();
  for (const TensorGroup& group : groups) {
    all.push_back({{"kind", json_bytes(group.kind)},
                   {"detail", json_bytes(group.detail)},
                   {"tensors", group.tensors}});
  }
  return all;
}

}  // namespace

std::string checkpoint_comparison_json(const CheckpointComparison& comparison) {
  const ExitCode code = exit_code(comparison);
  Json json = {{"schema_version", kJsonSchemaVersion},
               {"status", code == ExitCode::ok ? "ok" : "differs"},
               {"exit_code", static_cast<int>(code)}};
  json["file"] = json_bytes(comparison.file);
  json["checkpoint"] = json_bytes(comparison.checkpoint);
  json["architecture"] = json_bytes(comparison.architecture);
  json["equal_tensors"] = comparison.equal;
  json["changed"] = groups_json(comparison.changed);
  json["rounded"] = groups_json(comparison.rounded);
  json["findings"] = Json::array();
  for (const FileFinding& finding : comparison.findings) {
    json["findings"].push_back({{"name", finding.name},
                                {"place", json_bytes(finding.place)},
                                {"detail", json_bytes(finding.detail)}});
  }
  json["notes"] = Json::array();
  for (const std::string& note : comparison.notes) json["notes"].push_back(json_bytes(note));
  return json_document(json);
}

}  // namespace crossval
