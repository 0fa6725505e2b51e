#include "report/suite/junit.h"

#include <fmt/format.h>

#include <cmath>
#include <string_view>

#include "report/html/escape.h"
#include "report/suite/reproduction.h"
#include "report/suite/summary.h"
#include "report/text/printable.h"

namespace crossval {
namespace {

// A line break in an attribute would become a blank.
std::string xml_attribute(std::string_view text) { return html_escaped(printable(text)); }

std::string xml_seconds(double seconds) {
  return fmt::format("{:.3f}", std::isfinite(seconds) && seconds > 0 ? seconds : 0.0);
}

struct JunitSuite {
  std::string cases;
  int64_t tests = 0, failures = 0, errors = 0, skipped = 0;
  double seconds = 0;

  void add(std::string_view pair, std::string_view name, double time, std::string_view inside) {
    cases += fmt::format("    <testcase name=\"{}\" classname=\"{}\" time=\"{}\"",
                         xml_attribute(name), xml_attribute(pair), xml_seconds(time));
    cases += inside.empty() ? "/>\n" : fmt::format(">\n{}    </testcase>\n", inside);
    ++tests;
    if (std::isfinite(time) && time > 0) seconds += time;
  }
  void add_error(std::string_view pair, std::string_view name, std::string_view message) {
    add(pair, name, 0,
        fmt::format("      <error type=\"not-run\" message=\"{}\"/>\n", xml_attribute(message)));
    ++errors;
  }
};

std::string junit_property(std::string_view name, std::string_view value) {
  if (value.empty()) return {};
  return fmt::format("      <property name=\"{}\" value=\"{}\"/>\n", xml_attribute(name),
                     xml_attribute(value));
}

std::string junit_properties(const SuiteResult& suite, const SuitePairResult& pair) {
  std::string text =
      junit_property("candidate", pair.candidate) + junit_property("reference", pair.reference) +
      junit_property("model", pair.model) + junit_property("tokenizer", pair.tokenizer) +
      junit_property("require", pair.require) + junit_property("floor", pair.floor) +
      junit_property("manifest_sha256", suite.manifest_sha256);
  for (const EngineMark& mark : pair.candidate_marks)
    text += junit_property("candidate." + mark.name, mark.value);
  for (const EngineMark& mark : pair.reference_marks)
    text += junit_property("reference." + mark.name, mark.value);
  return text.empty() ? text : "    <properties>\n" + text + "    </properties>\n";
}

// What a test case holds when it does not pass.
std::string junit_problem(const SuiteResult& suite, const SuitePairResult& pair,
                          const SuitePromptResult& prompt) {
  const bool is_error = prompt.error || !prompt.verdict;
  const char* element = is_error ? "error" : "failure";
  const std::string type = prompt.error ? error_word(prompt.error->code) : prompt_word(prompt);
  const std::string sentence = result_sentence(prompt);
  return fmt::format("      <{} type=\"{}\" message=\"{}\">{}\n{}</{}>\n", element, type,
                     xml_attribute(sentence), html_escaped(sentence),
                     html_escaped(reproduce_command(suite, pair, prompt.prompt)), element);
}

JunitSuite junit_cases(const SuiteResult& suite, const SuitePairResult& pair) {
  JunitSuite cases;
  for (const int32_t shard : suite.missing) {
    cases.add_error(pair.name, fmt::format("shard {}", shard),
                    fmt::format("shard {} of {} has no result", shard, suite.shards));
  }
  for (const SuitePromptResult& prompt : pair.prompts) {
    const bool fine = passed(prompt);
    cases.add(pair.name, prompt_id(suite, prompt.prompt), prompt.seconds,
              fine ? std::string() : junit_problem(suite, pair, prompt));
    if (fine) continue;
    ++(prompt.error || !prompt.verdict ? cases.errors : cases.failures);
  }
  for (const int32_t i : not_run_of(suite, pair))
    cases.add_error(pair.name, prompt_id(suite, i), "the prompt has no result under this pair");
  for (const JudgedLimit& limit : pair.limits) {
    const std::string sentence = xml_attribute(limit_sentence(limit));
    const char* name = limit_key(limit);
    if (limit.state == LimitState::kept) {
      cases.add(pair.name, name, 0, {});
    } else if (limit.state == LimitState::broken) {
      cases.add(
          pair.name, name, 0,
          fmt::format("      <failure type=\"{}\" message=\"{}\"/>\n", kBeyondLimits, sentence));
      ++cases.failures;
    } else {
      cases.add(pair.name, name, 0,
                fmt::format("      <skipped message=\"not judged: {}\"/>\n", sentence));
      ++cases.skipped;
    }
  }
  if (cases.tests == 0) cases.add_error(pair.name, "prompts", "there is nothing to compare");
  return cases;
}

std::string junit_counts(const JunitSuite& cases) {
  return fmt::format("tests=\"{}\" failures=\"{}\" errors=\"{}\" time=\"{}\"", cases.tests,
                     cases.failures, cases.errors, xml_seconds(cases.seconds));
}

std::string junit_suite(std::string_view name, std::string_view properties,
                        const JunitSuite& cases) {
  return fmt::format("  <testsuite name=\"{}\" {} skipped=\"{}\">\n{}{}  </testsuite>\n",
                     xml_attribute(name), junit_counts(cases), cases.skipped, properties,
                     cases.cases);
}

}  // namespace

std::string junit_report(const SuiteResult& suite) {
  std::string suites;
  JunitSuite all;
  const auto add = [&](std::string_view name, std::string_view properties,
                       const JunitSuite& cases) {
    suites += junit_suite(name, properties, cases);
    all.tests += cases.tests;
    all.failures += cases.failures;
    all.errors += cases.errors;
    all.seconds += cases.seconds;
  };
  for (const SuitePairResult& pair : suite.pairs)
    add(pair.name, junit_properties(suite, pair), junit_cases(suite, pair));
  if (suite.pairs.empty()) {
    JunitSuite none;
    none.add_error(suite.name, "pairs", "there is nothing to compare");
    add(suite.name, "", none);
  }
  return fmt::format(
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"{}\" {}>\n{}"
      "</testsuites>\n",
      xml_attribute(suite.name), junit_counts(all), suites);
}

}  // namespace crossval
