#include "report/json/model_difference.h"

#include "report/json/model_file.h"

namespace crossval {
namespace {

Json distance_of(const TensorDistance& distance) {
  return {{"differing", distance.differing},
          {"relative_l2", json_number(distance.relative_l2)},
          {"max_abs_diff", json_number(distance.max_abs_diff)},
          {"cosine", json_number(distance.cosine)}};
}

Json change_json(const TensorChange& change) {
  return {{"name", change.name}, {"detail", json_bytes(change.detail)}};
}

}  // namespace

Json json_facts(const FileDifference& difference) {
  Json all = Json::array();
  for (const ModelFactPair& fact : difference.facts) {
    all.push_back({{"name", fact.name},
                   {"a", json_bytes(fact.a)},
                   {"b", json_bytes(fact.b)},
                   {"effect", fact.effect}});
  }
  return all;
}

Json json_tensors(const FileDifference& difference) {
  Json all = Json::array();
  for (const TensorDifference& entry : difference.tensors) {
    all.push_back({{"name", json_bytes(entry.name)},
                   {"a", or_null(entry.a, json_tensor)},
                   {"b", or_null(entry.b, json_tensor)},
                   {"distance", or_null(entry.distance, distance_of)},
                   {"change", or_null(entry.change, change_json)}});
  }
  return all;
}

Json json_metadata(const FileDifference& difference) {
  Json all = Json::array();
  for (const MetadataDifference& entry : difference.metadata) {
    all.push_back({{"key", json_bytes(entry.key)},
                   {"a", or_null(entry.a, json_metadata_entry)},
                   {"b", or_null(entry.b, json_metadata_entry)}});
  }
  return all;
}

Json json_model_difference(const FileDifference& difference) {
  return {{"facts", json_facts(difference)},
          {"facts_unknown", json_bytes(difference.facts_unknown)},
          {"metadata", json_metadata(difference)},
          {"tensors", json_tensors(difference)},
          {"identical_tensors", difference.identical.size()}};
}

}  // namespace crossval
