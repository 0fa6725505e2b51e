#include "report/json/inspection.h"

#include "report/json/model_difference.h"
#include "report/json/model_file.h"
#include "report/json/schema_version.h"
#include "report/json/values.h"

namespace crossval {
namespace {

Json document(const char* status, ExitCode code) {
  return {{"schema_version", kJsonSchemaVersion},
          {"status", status},
          {"exit_code", static_cast<int>(code)}};
}

Json tokenizer_of(const TokenizerFacts& facts) {
  if (facts.model.empty()) return nullptr;
  Json roles = Json::array();
  for (const TokenRole& role : facts.roles)
    roles.push_back({{"role", role.role}, {"id", role.id}, {"text", json_bytes(role.text)}});
  Json templates = Json::array();
  for (const std::string& name : facts.chat_templates) templates.push_back(json_bytes(name));
  return {{"model", json_bytes(facts.model)},
          {"family", facts.family},
          {"pre_tokenizer", json_bytes(facts.pre_tokenizer)},
          {"size", facts.size},
          {"special", std::move(roles)},
          {"end_of_generation", facts.end_of_generation},
          {"add_bos", facts.add_bos},
          {"add_eos", facts.add_eos},
          {"chat_templates", std::move(templates)}};
}

Json findings_of(const std::vector<FileFinding>& findings) {
  Json all = Json::array();
  for (const FileFinding& finding : findings) {
    all.push_back({{"name", finding.name},
                   {"place", json_bytes(finding.place)},
                   {"detail", json_bytes(finding.detail)}});
  }
  return all;
}

Json i2s_of(const I2sFacts& facts) { return {{"layout", facts.layout}, {"why", facts.why}}; }

}  // namespace

std::string inspection_json(const Inspection& inspection) {
  Json json = document(inspection.findings.empty() ? "ok" : "findings", exit_code(inspection));
  json["version"] = inspection.version;
  json["alignment"] = inspection.alignment;
  json["parts"] = Json::array();
  for (const InspectedPart& part : inspection.parts)
    json["parts"].push_back({{"path", json_bytes(part.path)}, {"bytes", part.size}});
  json["name"] = json_bytes(inspection.name);
  json["architecture"] = json_bytes(inspection.architecture);
  json["kind"] = inspection.kind.empty() ? Json(nullptr) : json_bytes(inspection.kind);
  json["meaning"] = Json::array();
  for (const std::string& line : inspection.meaning) json["meaning"].push_back(json_bytes(line));
  json["i2s"] = or_null(inspection.i2s, i2s_of);
  json["parameters"] = inspection.parameters;
  json["tensor_count"] = inspection.tensor_count;
  json["types"] = Json::array();
  for (const TypeShare& share : inspection.types) {
    json["types"].push_back({{"type", share.type},
                             {"tensors", share.tensors},
                             {"elements", share.values},
                             {"bytes", share.bytes}});
  }
  json["tokenizer"] = tokenizer_of(inspection.tokenizer);
  json["metadata"] = Json::array();
  for (const MetadataEntry& entry : inspection.metadata)
    json["metadata"].push_back(json_metadata_entry(entry));
  json["weights_read"] = inspection.weights_read;
  json["tensors"] = Json::array();
  for (const InspectedTensor& tensor : inspection.tensors)
    json["tensors"].push_back(json_tensor(tensor));
  json["findings"] = findings_of(inspection.findings);
  return json_document(json);
}

std::string tensor_json(const TensorInspection& inspection) {
  Json json = document("ok", ExitCode::ok);
  json["tensor"] = json_tensor(inspection.tensor);
  json["quantiles"] = Json::array();
  for (const auto& [q, value] : inspection.quantiles)
    json["quantiles"].push_back({{"q", q}, {"value", json_number(value)}});
  json["histogram"] = {{"low", json_number(inspection.low)},
                       {"high", json_number(inspection.high)},
                       {"bins", inspection.bins},
                       {"below", inspection.below},
                       {"above", inspection.above}};
  return json_document(json);
}

std::string difference_json(const FileDifference& difference) {
  const ExitCode code = exit_code(difference);
  Json json = document(code == ExitCode::ok ? "ok" : "differs", code);
  json["a"] = json_bytes(difference.a);
  json["b"] = json_bytes(difference.b);
  json["a_i2s"] = or_null(difference.a_i2s, i2s_of);
  json["b_i2s"] = or_null(difference.b_i2s, i2s_of);
  json["facts"] = json_facts(difference);
  json["facts_unknown"] = json_bytes(difference.facts_unknown);
  json["metadata"] = json_metadata(difference);
  json["identical_tensors"] = difference.identical.size();
  json["identical"] = Json::array();
  for (const IdenticalTensor& tensor : difference.identical)
    json["identical"].push_back({{"name", json_bytes(tensor.name)}, {"sha256", tensor.sha256}});
  json["tensors"] = json_tensors(difference);
  return json_document(json);
}

}  // namespace crossval
