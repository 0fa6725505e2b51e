#include "report/json/text_alignment.h"

#include "report/json/engine.h"
#include "report/json/prompt.h"
#include "report/json/schema_version.h"
#include "report/json/values.h"

namespace crossval {

std::string text_alignment_json(const TextAlignment& result) {
  Json segments = Json::array();
  for (const TextSegment& segment : result.segments) {
    segments.push_back({{"begin", segment.bytes.begin},
                        {"end", segment.bytes.end},
                        {"candidate_tokens", segment.candidate_tokens},
                        {"reference_tokens", segment.reference_tokens},
                        {"candidate", json_number(segment.candidate)},
                        {"reference", json_number(segment.reference)}});
  }
  const bool differs = diverged(result);
  return json_document({{"schema_version", kJsonSchemaVersion},
                        {"status", differs ? "diverged" : "ok"},
                        {"verdict", differs ? "DIVERGED" : "MATCH"},
                        {"exit_code", static_cast<int>(exit_code(result))},
                        {"aligned_by", "text"},
                        {"candidate", json_engine(result.candidate)},
                        {"reference", json_engine(result.reference)},
                        {"prompt", json_prompt(result.prompt)},
                        {"candidate_tokens", result.candidate_tokens},
                        {"reference_tokens", result.reference_tokens},
                        {"logprob_threshold", result.logprob_tol},
                        {"segments", segments},
                        {"compared", result.compared},
                        {"bytes", result.bytes},
                        {"candidate_sum", json_number(result.candidate_sum)},
                        {"reference_sum", json_number(result.reference_sum)},
                        {"worst", result.worst < 0 ? Json(nullptr) : Json(result.worst)},
                        {"max_abs_diff", json_number(result.max_abs_diff)},
                        {"warnings", json_warnings(result.warnings)}});
}

}  // namespace crossval
