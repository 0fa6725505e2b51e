#include "suite/built_in_prompts.h"

#include <algorithm>

namespace crossval {
namespace {

constexpr std::string_view kSmoke = "smoke";

struct OwnPrompt {
  const char* id;
  const char* text;
};

// Short texts of the kinds on which engines have been seen to part.
constexpr OwnPrompt kOwnPrompts[] = {
    {"smoke/prose",
     "The harbour had been quiet since noon. Then a single bell rang, and every gull on the long "
     "pier rose at once."},
    {"smoke/code",
     "def mean(values):\n    \"\"\"The arithmetic mean; NaN of nothing.\"\"\"\n    if not "
     "values:\n        return "
     "float(\"nan\")\n    return sum(values) / len(values)\n"},
    {"smoke/numbers",
     "3.14159 + 2.71828 = 5.85987; 1,024 x 1,024 = 1,048,576; 0x1f40 is 8000; 10^-7 < 1e-6."},
    {"smoke/languages",
     "Der Fluß führt Hochwasser. La rivière monte encore. 川の水位が上がっている。 Река выходит из "
     "берегов. النهر يفيض."},
    {"smoke/spaces",
     "  two in front,\ta tab,   three between,\n\n\nthree lines, and two at the end  "},
    {"smoke/repeated",
     "ha ha ha ha ha ha ha ha ha ha ha ha ha ha ha ha ha ha ha ha ha ha ha ha ha ha ha ha ha ha ha "
     "ha"},
    {"smoke/json",
     "{\"id\": 17, \"tags\": [\"a\", \"b\"], \"nested\": {\"ok\": true, \"none\": null}, \"x\": "
     "-1.5e3}"},
    {"smoke/one-word", "Hello"},
};

}  // namespace

std::vector<std::string> built_in_prompt_sets() { return {std::string(kSmoke)}; }

bool is_built_in_prompt_set(std::string_view name) { return name == kSmoke; }

std::vector<SuitePrompt> built_in_prompts(std::string_view name) {
  std::vector<SuitePrompt> prompts;
  if (!is_built_in_prompt_set(name)) return prompts;
  for (const OwnPrompt& own : kOwnPrompts) prompts.push_back({.id = own.id, .text = own.text});
  return prompts;
}

}  // namespace crossval
