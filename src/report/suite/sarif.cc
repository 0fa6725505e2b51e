#include "report/suite/sarif.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <string_view>
#include <vector>

#include "base/build_info.h"
#include "base/count_text.h"
#include "report/json/values.h"
#include "report/suite/findings.h"
#include "report/suite/summary.h"
#include "report/text/printable.h"

namespace crossval {
namespace {

// A path as a URI reference; an absolute one as file://.
std::string uri_of(std::string_view path) {
  constexpr std::string_view kAsTheyAre =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~/";
  std::string uri = path.starts_with('/') ? "file://" : "";
  for (const char c : path) {
    uri += kAsTheyAre.find(c) != std::string_view::npos
               ? std::string(1, c)
               : fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return uri;
}

Json sarif_rules() {
  Json rules = Json::array();
  for (const FindingKind& kind : kFindingKinds) {
    rules.push_back({{"id", fmt::format("crossval/{}", kind.name)},
                     {"name", kind.title},
                     {"shortDescription", {{"text", kind.title}}},
                     {"fullDescription", {{"text", kind.meaning}}},
                     {"help", {{"text", kind.meaning}}},
                     {"defaultConfiguration", {{"level", "error"}}}});
  }
  return rules;
}

Json sarif_result(const SuiteFinding& finding, const std::string& uri) {
  const auto* kind = std::ranges::find(kFindingKinds, finding.kind, &FindingKind::name);
  return {{"ruleId", "crossval/" + finding.kind},
          {"ruleIndex", std::distance(std::begin(kFindingKinds), kind)},
          {"level", "error"},
          {"message", {{"text", finding_text(finding)}}},
          {"locations", Json::array({{{"physicalLocation",
                                       {{"artifactLocation", {{"uri", uri}}},
                                        {"region", {{"startLine", finding.line}}}}}}})},
          {"partialFingerprints", {{"crossvalRun/v1", finding.fingerprint}}}};
}

}  // namespace

std::string sarif_report(const SuiteResult& suite) {
  const std::vector<SuiteFinding> findings = suite_findings(suite);
  const size_t shown = std::min<size_t>(findings.size(), kMostSarifResults);
  const std::string uri = uri_of(suite_prompts_file(suite));
  Json results = Json::array();
  for (size_t i = 0; i < shown; ++i) results.push_back(sarif_result(findings[i], uri));

  Json notifications = Json::array();
  const auto notify = [&](const std::string& text) {
    notifications.push_back({{"level", "error"}, {"message", {{"text", text}}}});
  };
  const SuiteCounts counts = counts_of(suite);
  const bool executed =
      suite.complete() && counts.all() > 0 && counts.all() == counts.passed + counts.failed;
  if (!executed) notify(suite_headline(suite) + ": " + suite_sentence(suite));
  if (shown < findings.size()) {
    notify(fmt::format("{} of {} are listed, the worst", grouped(static_cast<int64_t>(shown)),
                       counted(std::ssize(findings), "finding")));
  }
  Json invocation = {{"executionSuccessful", executed}};
  if (!notifications.empty()) invocation["toolExecutionNotifications"] = notifications;

  const Json document = {
      {"$schema", "https://json.schemastore.org/sarif-2.1.0.json"},
      {"version", "2.1.0"},
      {"runs", Json::array({{{"tool",
                              {{"driver",
                                {{"name", "crossval"},
                                 {"semanticVersion", build_info().version},
                                 {"rules", sarif_rules()}}}}},
                             {"automationDetails", {{"id", "crossval/" + printable(suite.name)}}},
                             {"invocations", Json::array({invocation})},
                             {"results", results},
                             {"properties",
                              {{"verdict", suite_word(suite)},
                               {"manifestSha256", printable(suite.manifest_sha256)}}}}})}};
  return document.dump(2) + "\n";
}

}  // namespace crossval
