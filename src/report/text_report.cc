#include "report/text_report.h"

#include "report/text_parts.h"

namespace crossval {

std::string text_report(const Comparison& comparison, const TextOptions& options) {
  std::string report;
  for (const auto part : {header_text, settings_text, mismatch_text, positions_text, health_text,
                          trace_text, verdict_text}) {
    const std::string text = part(comparison, options);
    if (!text.empty()) report += (report.empty() ? "" : "\n") + text;
  }
  return report;
}

}  // namespace crossval
