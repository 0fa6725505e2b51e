#include "report/json/imatrix_comparison.h"

#include "report/json/prompt.h"
#include "report/json/schema_version.h"
#include "report/json/values.h"
#include "report/words.h"

namespace crossval {
namespace {

Json json_imatrix(const ImatrixFacts& facts) {
  Json datasets = Json::array();
  for (const std::string& dataset : facts.datasets) datasets.push_back(json_bytes(dataset));
  return {{"path", json_bytes(facts.path)},
          {"form", facts.legacy ? "dat" : "gguf"},
          {"datasets", datasets},
          {"chunks", facts.chunks},
          {"chunk_size", facts.chunk_size}};
}

Json json_weight_names(const std::vector<std::string>& names) {
  Json list = Json::array();
  for (const std::string& name : names) list.push_back(json_bytes(name));
  return list;
}

Json json_imatrix_tensor(const ImatrixTensor& t) {
  return {{"name", json_bytes(t.name)},
          {"channels", t.channels},
          {"matrices", t.matrices},
          {"compared", t.compared},
          {"candidate_count", json_number(t.candidate_count)},
          {"reference_count", json_number(t.reference_count)},
          {"candidate_sum", json_number(t.candidate_sum)},
          {"reference_sum", json_number(t.reference_sum)},
          {"cosine", json_number(t.cosine)},
          {"relative_l2", json_number(t.relative_l2)},
          {"max_abs_diff", json_number(t.max_abs_diff)},
          {"max_abs_channel", t.max_abs_channel},
          {"identical", t.identical},
          {"passed", t.passed}};
}

}  // namespace

std::string imatrix_comparison_json(const ImatrixComparison& c) {
  Json tensors = Json::array();
  for (const ImatrixTensor& tensor : c.tensors) tensors.push_back(json_imatrix_tensor(tensor));
  return json_document({{"schema_version", kJsonSchemaVersion},
                        {"compared", "imatrix"},
                        {"status", c.diverged() ? "diverged" : "ok"},
                        {"verdict", verdict_word(c)},
                        {"exit_code", static_cast<int>(exit_code(c))},
                        {"candidate", json_imatrix(c.candidate)},
                        {"reference", json_imatrix(c.reference)},
                        {"cosine_threshold", json_number(c.cos_tol)},
                        {"relative_l2_threshold", json_number(c.l2_tol)},
                        {"tensors", tensors},
                        {"only_candidate", json_weight_names(c.only_candidate)},
                        {"only_reference", json_weight_names(c.only_reference)},
                        {"warnings", json_warnings(c.warnings)}});
}

}  // namespace crossval
