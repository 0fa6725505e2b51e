// Suite files, baselines and prompt files: whatever the bytes are, a suite, prompts that are
// written as they are read back, or an error with a place.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "suite/baseline.h"
#include "suite/prompts.h"
#include "suite/suite_file.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace crossval;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto suite = parse_suite(text, "suite.json");
  if (!suite && (suite.error().what.empty() || !suite.error().where.starts_with("suite.json")))
    std::abort();
  if (suite && (suite->pairs.empty() || suite->prompts.empty() || suite->shards < 1)) std::abort();
  if (const auto baseline = parse_baseline(text, "baseline.json")) {
    const std::string written = baseline_text(*baseline);
    const auto again = parse_baseline(written, "baseline.json");
    if (!again || baseline_text(*again) != written) std::abort();
  } else if (!baseline.error().where.starts_with("baseline.json")) {
    std::abort();
  }
  const auto prompts = parse_prompt_lines(text, "prompts.jsonl");
  if (!prompts) {
    if (!prompts.error().where.starts_with("prompts.jsonl")) std::abort();
    return 0;
  }
  const std::string lines = prompt_lines(*prompts);
  const auto again = parse_prompt_lines(lines, "prompts.jsonl");
  if (!again || prompt_lines(*again) != lines || again->size() != prompts->size()) std::abort();
  return 0;
}
