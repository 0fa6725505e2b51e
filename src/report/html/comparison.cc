#include "report/html/comparison.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <tuple>
#include <vector>

#include "base/count_text.h"
#include "report/html/chart.h"
#include "report/html/escape.h"
#include "report/html/page.h"
#include "report/html/tokens.h"
#include "report/text/comparison.h"
#include "report/text/comparison/parts.h"
#include "report/text/explanation.h"
#include "report/text/numbers.h"
#include "report/text/printable.h"
#include "report/words.h"

namespace crossval {
namespace {

constexpr size_t kMostRows = 1000;  // of the table: the rest is in the chart
constexpr int32_t kAround = 60;     // tokens shown on each side of the first divergence

// Wide lines: a page wraps and scrolls by itself.
TextOptions wide() { return {.layout = {.color = false, .width = 120}, .verbose = true}; }

double drawn_distance(const PositionResult& position) {
  if (position.top) return position.top->max_abs_diff;
  return position.metrics.identical ? 0 : position.metrics.relative_l2;
}

const char* distance_name(const Comparison& comparison) {
  return comparison.rows == RowContent::top ? "|Δ ln p|" : "relative L2";
}

// The sentence behind the word of the verdict, in one line.
std::string sentence_of(const Comparison& comparison) {
  TextOptions options = wide();
  options.layout.width = 100000;
  const std::string text = verdict_text(comparison, options);
  return text.substr(0, text.find('\n'));
}

std::string engines_table(const Comparison& comparison) {
  std::string rows;
  const auto add = [&](std::string_view what, std::string_view a, std::string_view b) {
    if (a.empty() && b.empty()) return;
    rows += fmt::format("<tr><th scope=\"row\">{}</th><td>{}</td><td>{}</td></tr>\n",
                        html_escaped(what), html_escaped(a), html_escaped(b));
  };
  const auto& [candidate, reference] = std::tie(comparison.candidate, comparison.reference);
  add("engine", name_line(candidate.identity), name_line(reference.identity));
  add("build", candidate.identity.build, reference.identity.build);
  add("instructions", candidate.identity.isa, reference.identity.isa);
  add("activations", candidate.identity.activations, reference.identity.activations);
  add("model", candidate.settings.model_path, reference.settings.model_path);
  add("the model is", candidate.settings.model_description, reference.settings.model_description);
  for (const SettingDifference& setting : comparison.settings)
    add(setting.name, setting.candidate, setting.reference);
  for (const EqualSetting& setting : comparison.equal_settings)
    add(setting.name, setting.value, setting.value);
  return "<div class=\"scroll\" tabindex=\"0\"><table>\n<thead><tr><td></td><th "
         "scope=\"col\">candidate</th><th scope=\"col\">reference</th></tr></thead>\n<tbody>\n" +
         rows + "</tbody></table></div>\n";
}

// The text around the first position that fails.
std::string tokens_around(const Comparison& comparison) {
  const auto& positions = comparison.positions;
  const auto count = static_cast<int32_t>(positions.size());
  const int32_t middle = comparison.first_divergence.value_or(0);
  const int32_t begin = std::max(0, middle - kAround), end = std::min(count, middle + kAround);
  std::vector<ShownToken> shown;
  for (int32_t i = begin; i < end; ++i) {
    const PositionResult& p = positions[static_cast<size_t>(i)];
    shown.push_back({p.position, p.id, p.piece, drawn_distance(p), p.passed});
  }
  std::optional<int32_t> first;
  if (comparison.first_divergence) first = positions[static_cast<size_t>(middle)].position;
  return html_tokens(shown, first, distance_name(comparison), count);
}

// Those that the table has: all, or the farthest.
std::vector<size_t> rows_shown(const Comparison& comparison) {
  std::vector<size_t> rows(comparison.positions.size());
  for (size_t i = 0; i < rows.size(); ++i) rows[i] = i;
  if (rows.size() <= kMostRows) return rows;
  const auto key = [&](size_t i) {
    const double distance = drawn_distance(comparison.positions[i]);
    return std::isnan(distance) ? std::numeric_limits<double>::infinity() : distance;
  };
  std::ranges::partial_sort(rows, rows.begin() + kMostRows, [&](size_t a, size_t b) {
    return key(a) != key(b) ? key(a) > key(b) : a < b;
  });
  rows.resize(kMostRows);
  std::ranges::sort(rows);
  return rows;
}

std::string positions_table(const Comparison& comparison) {
  if (comparison.positions.empty()) return {};
  const bool top = comparison.rows == RowContent::top;
  std::string rows;
  const std::vector<size_t> shown = rows_shown(comparison);
  for (const size_t i : shown) {
    const PositionResult& p = comparison.positions[i];
    const double distance = drawn_distance(p);
    rows += fmt::format(
        "<tr class=\"{}\"><td class=\"number\">{}</td><td class=\"number\">{}</td><td>{}</td>"
        "<td class=\"number\" data-value=\"{}\">{}</td><td class=\"number\" "
        "data-value=\"{}\">{}</td>"
        "<td>{}</td><td class=\"{}\">{}</td></tr>\n",
        p.passed ? "passes" : "fails", p.position, p.id, html_escaped(escaped(p.piece)), distance,
        distance_text(distance), top ? p.top->kl_low : p.metrics.kl,
        distance_text(top ? p.top->kl_low : p.metrics.kl),
        p.argmax_flip()
            ? fmt::format("{} for {}", p.metrics.candidate_argmax, p.metrics.reference_argmax)
            : std::string("same"),
        p.passed ? "good" : "bad", p.passed ? "passes" : "fails");
  }
  std::string table =
      "<p class=\"filter\"><button type=\"button\" aria-pressed=\"false\">only what fails"
      "</button></p>\n<div class=\"scroll\" tabindex=\"0\"><table>\n<thead><tr>" +
      html_sortable_heads({"position", "id", "token", distance_name(comparison),
                           top ? "KL, at least" : "KL", "most likely", "result"}) +
      "</tr></thead>\n<tbody>\n" + rows + "</tbody></table></div>\n";
  if (shown.size() < comparison.positions.size()) {
    table += fmt::format(
        "<p class=\"dim\">The {} of {} positions that are farthest apart; --format json has "
        "all.</p>\n",
        shown.size(), grouped(static_cast<int64_t>(comparison.positions.size())));
  }
  return table;
}

std::string distances(const Comparison& comparison) {
  std::vector<double> values;
  values.reserve(comparison.positions.size());
  for (const PositionResult& position : comparison.positions)
    values.push_back(drawn_distance(position));
  return html_chart(values, comparison.first_divergence, distance_name(comparison));
}

}  // namespace

std::string html_report(const Comparison& comparison, std::string_view command) {
  const std::string word = verdict_word(comparison.verdict);
  const bool good = exit_code(comparison.verdict) == ExitCode::ok;
  const std::string sentence = sentence_of(comparison);
  const TextOptions options = wide();
  std::string warnings;
  for (const Warning& warning : comparison.warnings)
    warnings += warning.name + ": " + warning.message + "\n";
  const std::string body =
      fmt::format("<h1 class=\"{}\">{}</h1>\n<p>{}</p>\n", good ? "good" : "bad", word,
                  html_escaped(sentence.substr(std::min(sentence.size(), word.size() + 2)))) +
      html_section("Distance by position",
                   comparison.rows == RowContent::hashes ? "" : distances(comparison)) +
      html_section("Tokens", tokens_around(comparison)) +
      html_section("Tokens that differ", html_lines(mismatch_text(comparison, options))) +
      html_section("Unhealthy logits", html_lines(health_text(comparison, options))) +
      html_section("First tensor that differs", html_lines(trace_text(comparison, options))) +
      html_section("Which operation",
                   comparison.explanation
                       ? html_lines(explanation_text(*comparison.explanation, options))
                       : std::string()) +
      html_section("Noise floor", html_lines(floor_text(comparison, options))) +
      html_section("Warnings", html_lines(warnings)) +
      html_section("Engines and settings", engines_table(comparison)) +
      html_section("Positions", positions_table(comparison)) +
      html_section("The same again", html_command(command));
  return html_page("crossval: " + word, body);
}

}  // namespace crossval
