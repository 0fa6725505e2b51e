#include "report/suite/gitlab.h"

#include "report/json/values.h"
#include "report/suite/findings.h"
#include "report/text/printable.h"

namespace crossval {
namespace {

const char* gitlab_severity(const std::string& kind) {
  if (kind == "not-run") return "blocker";
  return kind == "error" || kind == "unhealthy" ? "critical" : "major";
}

}  // namespace

std::string gitlab_report(const SuiteResult& suite) {
  Json document = Json::array();
  for (const SuiteFinding& finding : suite_findings(suite)) {
    std::string description = finding.title;
    if (!finding.message.empty()) description += ": " + finding.message;
    if (!finding.command.empty()) description += "\n" + finding.command;
    document.push_back(
        {{"description", description},
         {"check_name", "crossval/" + finding.kind},
         {"fingerprint", finding.fingerprint},
         {"severity", gitlab_severity(finding.kind)},
         {"location",
          {{"path", printable(suite_prompts_file(suite))}, {"lines", {{"begin", finding.line}}}}}});
  }
  return document.dump(2) + "\n";
}

}  // namespace crossval
