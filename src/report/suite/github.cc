#include "report/suite/github.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <vector>

#include "base/count_text.h"
#include "report/suite/findings.h"

namespace crossval {
namespace {

std::string github_escaped(std::string_view text, bool property) {
  std::string escaped;
  for (const char c : text) {
    const bool special = c == '%' || c == '\r' || c == '\n' || (property && (c == ':' || c == ','));
    escaped += special ? fmt::format("%{:02X}", static_cast<unsigned char>(c)) : std::string(1, c);
  }
  return escaped;
}

std::string annotation(std::string_view level, std::string_view title, std::string_view message) {
  return fmt::format("::{} title={}::{}\n", level, github_escaped(title, true),
                     github_escaped(message, false));
}

}  // namespace

std::string github_annotations(const SuiteResult& suite) {
  const std::vector<SuiteFinding> findings = suite_findings(suite);
  const size_t shown = std::min<size_t>(findings.size(), kMostAnnotations);
  std::string text;
  for (size_t i = 0; i < shown; ++i) {
    const SuiteFinding& finding = findings[i];
    text += annotation(
        "error", finding.title,
        finding.command.empty() ? finding.message : finding.message + "\n" + finding.command);
  }
  if (shown == findings.size()) return text;
  const auto more = static_cast<int64_t>(findings.size() - shown);
  return text + annotation("warning", "crossval",
                           fmt::format("{} besides the {} shown", counted(more, "finding"), shown));
}

}  // namespace crossval
