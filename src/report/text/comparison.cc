#include "report/text/comparison.h"

#include "report/text/comparison/parts.h"
#include "report/text/explanation.h"

namespace crossval {
namespace {

std::string explained_text(const Comparison& comparison, const TextOptions& options) {
  return comparison.explanation ? explanation_text(*comparison.explanation, options) : "";
}

}  // namespace

std::string text_report(const Comparison& comparison, const TextOptions& options) {
  std::string report;
  using Part = std::string (*)(const Comparison&, const TextOptions&);
  for (const Part part : {Part{header_text}, Part{settings_text}, Part{mismatch_text},
                          Part{positions_text}, Part{health_text}, Part{trace_text},
                          Part{explained_text}, Part{floor_text}, Part{verdict_text}}) {
    const std::string text = part(comparison, options);
    if (!text.empty()) report += (report.empty() ? "" : "\n") + text;
  }
  return report;
}

}  // namespace crossval
