#include "report/json/model_file.h"

namespace crossval {
namespace {

struct ToJson {
  Json operator()(double value) const { return json_number(value); }
  Json operator()(const std::string& value) const { return json_bytes(value); }
  template <class T>
  Json operator()(T value) const {
    return value;
  }
};

Json scalar(const MetadataScalar& value) { return std::visit(ToJson{}, value); }

Json summary_of(const ValueSummary& values) {
  return {{"zeros", values.zeros},
          {"non_finite", values.non_finite},
          {"min", json_number(values.min)},
          {"max", json_number(values.max)},
          {"mean", json_number(values.mean)},
          {"rms", json_number(values.rms)}};
}

}  // namespace

Json json_metadata_entry(const MetadataEntry& entry) {
  Json json = {{"key", json_bytes(entry.key)}, {"type", entry.type}};
  if (!entry.array) {
    json["value"] = scalar(entry.values.front());
    return json;
  }
  json["count"] = entry.count;
  json["first"] = Json::array();
  for (const MetadataScalar& value : entry.values) json["first"].push_back(scalar(value));
  return json;
}

Json json_tensor(const InspectedTensor& tensor) {
  Json json = {{"name", json_bytes(tensor.name)}, {"type", tensor.type},   {"shape", tensor.shape},
               {"elements", tensor.elements},     {"bytes", tensor.bytes}, {"part", tensor.part},
               {"offset", tensor.offset}};
  if (!tensor.sha256.empty()) json["sha256"] = tensor.sha256;
  if (tensor.values) json.update(summary_of(*tensor.values));
  return json;
}

}  // namespace crossval
