#include "cli/suite/accepting.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <chrono>
#include <utility>

#include "base/environment.h"
#include "base/partial_file.h"
#include "base/shell_quote.h"
#include "report/json/suite_changes.h"
#include "report/text/suite_changes.h"
#include "suite/baseline.h"
#include "suite/collect.h"

namespace crossval {
namespace {

std::string now_utc() {
  const auto now = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
  return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(now));
}

std::string user_name() {
  for (const char* name : {"GIT_AUTHOR_NAME", "USER", "LOGNAME"}) {
    if (std::string value = environment_variable(name); !value.empty()) return value;
  }
  return "unknown";
}

}  // namespace

Result<ExitCode> accept_results(const AcceptRequest& request, const Console& console) {
  const auto manifest = read_manifest(request.folder);
  if (!manifest) return tl::unexpected(manifest.error());
  const std::string path = baseline_path(request.baseline, *manifest);
  if (path.empty()) {
    return fail(ExitCode::usage, "the suite names no baseline", request.folder,
                "Say where it is to be: --baseline FILE, or \"baseline\" in the suite file.");
  }
  const auto suite = collect_results(*manifest, request.folder);
  if (!suite) return tl::unexpected(suite.error());
  if (!suite->complete()) {
    return fail(ExitCode::usage, "a result that is not complete cannot be accepted", request.folder,
                "Run what is missing: crossval suite run FILE --resume.");
  }
  const auto old = read_baseline(path);
  if (!old) return tl::unexpected(old.error());
  const Acceptance acceptance{.by = request.by.empty() ? user_name() : request.by,
                              .at = now_utc(),
                              .reason = request.reason,
                              .run = manifest->sha256,
                              .candidate = {},
                              .reference = {}};
  const BaselineUpdate update = accept_suite(*suite, old->value_or(SuiteBaseline()), acceptance);
  const bool refused = update.needs_reason && request.reason.empty();
  if (!refused) {
    if (auto ok = write_file(path, baseline_text(update.baseline)); !ok)
      return tl::unexpected(ok.error());
  }
  write_output(console, console.format == OutputFormat::json
                            ? baseline_update_json(update, path, !refused)
                            : baseline_update_text(update, text_options(console)));
  if (!refused) return ExitCode::ok;
  if (console.format == OutputFormat::json) return ExitCode::usage;  // the document says it
  return fail(ExitCode::usage, "limits would grow, or a run that fails would be accepted", path,
              fmt::format("Nothing was written. Say why: crossval suite accept {} --reason TEXT.",
                          shell_word(request.folder)));
}

}  // namespace crossval
