#include "report/html/explanation.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <optional>
#include <vector>

#include "report/html/chart.h"
#include "report/html/escape.h"
#include "report/html/page.h"
#include "report/text/explanation.h"
#include "report/text/numbers.h"
#include "report/words.h"

namespace crossval {
namespace {

double units_of(const JudgedOperation& operation) {
  return operation.judged ? operation.error.units : 0;
}

std::string units_cell(const JudgedEngine& engine, size_t i, double limit) {
  if (i >= engine.operations.size() || !engine.operations[i].judged)
    return "<td class=\"number dim\">not judged</td>";
  const double units = units_of(engine.operations[i]);
  return fmt::format("<td class=\"number {}\" data-value=\"{}\">{}</td>",
                     units <= limit ? "" : "bad", units, distance_text(units));
}

// The operations of both engines in graph order; those that only one of them has been judged by
// keep their line.
std::string operations_table(const Explanation& explanation) {
  const auto& operations = explanation.candidate.operations;
  if (operations.empty()) return {};
  std::string rows;
  for (size_t i = 0; i < operations.size(); ++i) {
    const JudgedOperation& operation = operations[i];
    const bool fine = units_of(operation) <= explanation.limit;
    const double apart = i < explanation.accumulated.size() ? explanation.accumulated[i] : -1;
    rows += fmt::format(
        "<tr class=\"{}\"><td>{}</td><td>{}</td><td>{}</td>{}{}<td class=\"number\" "
        "data-value=\"{}\">{}</td></tr>\n",
        fine ? "passes" : "fails", html_escaped(operation.tensor), html_escaped(operation.kind),
        html_escaped(operation.weight), units_cell(explanation.candidate, i, explanation.limit),
        units_cell(explanation.reference, i, explanation.limit), apart,
        apart < 0 ? "–" : distance_text(apart));
  }
  return "<p class=\"filter\"><button type=\"button\" aria-pressed=\"false\">only what is off"
         "</button></p>\n<div class=\"scroll\" tabindex=\"0\"><table>\n<thead><tr>" +
         html_sortable_heads(
             {"value", "operation", "weight", "candidate's units", "reference's units", "apart"}) +
         "</tr></thead>\n<tbody>\n" + rows + "</tbody></table></div>\n";
}

std::string experts_of(const RoutedPosition& position) {
  return fmt::format("<td>{}</td><td class=\"number\" data-value=\"{}\">{}</td>",
                     fmt::join(position.experts, " "), position.margin,
                     distance_text(position.margin));
}

// Positions that the engines send to different experts.
std::string routing_table(const Explanation& explanation) {
  if (explanation.routing_flips.empty()) return {};
  std::string rows;
  for (const RoutingFlip& flip : explanation.routing_flips) {
    rows += fmt::format(
        "<tr><td class=\"number\">{}</td><td class=\"number\">{}</td>{}{}<td>{}</td></tr>\n",
        flip.layer, flip.position, experts_of(flip.candidate), experts_of(flip.reference),
        flip_word(reason_of(flip, explanation.limit)));
  }
  return "<div class=\"scroll\" tabindex=\"0\"><table>\n<thead><tr>" +
         html_sortable_heads({"layer", "position", "candidate's experts", "its margin in units",
                              "reference's experts", "its margin in units", "why"}) +
         "</tr></thead>\n<tbody>\n" + rows + "</tbody></table></div>\n";
}

std::string units_chart(const Explanation& explanation) {
  std::vector<double> units;
  units.reserve(explanation.candidate.operations.size());
  for (const JudgedOperation& operation : explanation.candidate.operations)
    units.push_back(units_of(operation));
  std::optional<int32_t> first;
  if (explanation.candidate.first_beyond)
    first = static_cast<int32_t>(*explanation.candidate.first_beyond);
  return html_chart(units, first, "candidate's units of the bound", "operation");
}

}  // namespace

std::string html_explanation(const Explanation& explanation, std::string_view command) {
  const std::string word = blame_word(explanation.blame);
  const char* tint = explanation.blame == Blame::neither ? "good" : "bad";
  const TextOptions options = {.layout = {.color = false, .width = 120}, .verbose = true};
  const std::string body =
      fmt::format("<h1 class=\"{}\">{}</h1>\n<p>{}</p>\n", tint, word,
                  html_escaped(explanation_sentence(explanation))) +
      html_lines(explanation_text(explanation, options)) +
      html_section("Local error by operation, in units of its bound", units_chart(explanation)) +
      html_section("Operations", operations_table(explanation)) +
      html_section("Positions that go to other experts", routing_table(explanation)) +
      html_section("The same again", html_command(command));
  return html_page("crossval: " + word, body);
}

}  // namespace crossval
