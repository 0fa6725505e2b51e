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
  const std::string path = printable(suite_prompts_file(suite));
  Json document = Json::array();
  for (const SuiteFinding& finding : suite_findings(suite)) {
    document.push_back({{"description", finding_text(finding)},
                        {"check_name", "crossval/" + finding.kind},
                        {"fingerprint", finding.fingerprint},
                        {"severity", gitlab_severity(finding.kind)},
                        {"location", {{"path", path}, {"lines", {{"begin", finding.line}}}}}});
  }
  return document.dump(2) + "\n";
}

}  // namespace crossval
