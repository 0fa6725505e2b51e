#include "report/text/reproduction.h"

#include <fmt/format.h>

#include "base/count_text.h"
#include "report/text/printable.h"
#include "report/words.h"

namespace crossval {

std::string reproduction_readme(const Explanation& e, const std::string& command) {
  const bool of_reference = e.blame == Blame::reference;
  const JudgedEngine& guilty = of_reference ? e.reference : e.candidate;
  const JudgedOperation& operation = guilty.operations[*guilty.first_beyond];
  const LocalError& error = e.reproduction->error;
  const EngineIdentity& who = guilty.info.identity;
  std::string text = fmt::format(
      "# {}: {}\n\n"
      "The {} ({} {}, commit {}) computes {} ({}) otherwise than its own inputs and the model say. "
      "On "
      "the {} below it is {:.3g} units of its rounding bound off at position {}, element {}: "
      "{:.9g} "
      "where its inputs give {:.9g}.\n\n"
      "    {}\n\n",
      blame_word(e.blame), printable(operation.tensor), of_reference ? "reference" : "candidate",
      printable(who.name), printable(who.version), printable(who.commit),
      printable(operation.tensor), operation.kind,
      counted(std::ssize(e.reproduction->tokens), "token"), error.units, error.position,
      error.element, error.value, error.expected, command);
  text += e.causes.empty() ? "No known mistake makes it so.\n\n"
                           : fmt::format("It is what the mistake {} makes of it: {}.\n\n",
                                         e.causes.front().mistake, e.causes.front().what);
  return text +
         "- `operation.safetensors`: what the operation was computed from (`input …`, attention's "
         "`keys` and `values`), what it should have become (`expected`, and how far a correct "
         "engine "
         "may be from it, `bound`) and what it became (`actual`). Rows are positions.\n"
         "- `explanation.json`: the whole explanation, of the prompt that it was found on.\n";
}

}  // namespace crossval
