#include "cli/suite/judged.h"

#include <filesystem>
#include <utility>

#include "base/environment.h"
#include "base/read_file.h"
#include "suite/baseline.h"
#include "suite/collect.h"

namespace crossval {

constexpr size_t kMostBaselineBytes = size_t{1} << 30;

std::string baseline_path(const BaselineOptions& options, const Manifest& manifest) {
  return options.path.empty() ? manifest.baseline : with_home(options.path);
}

Result<std::optional<SuiteBaseline>> read_baseline(const std::string& path) {
  std::error_code failed;
  if (!std::filesystem::exists(path, failed)) return std::optional<SuiteBaseline>();
  const auto text = read_file(path, kMostBaselineBytes);
  if (!text) return tl::unexpected(text.error());
  auto baseline = parse_baseline(*text, path);
  if (!baseline) return tl::unexpected(baseline.error());
  return std::optional(*std::move(baseline));
}

Result<void> check_baseline(const BaselineOptions& options) {
  std::error_code failed;
  const std::string path = with_home(options.path);
  if (path.empty() || std::filesystem::exists(path, failed)) return {};
  return fail(ExitCode::usage, "there is no such baseline", path,
              "crossval suite accept DIR --baseline FILE writes one.");
}

Result<SuiteResult> judged_results(const Manifest& manifest, const std::string& folder,
                                   std::optional<int32_t> shard, const BaselineOptions& options) {
  if (auto ok = check_baseline(options); !ok) return tl::unexpected(ok.error());
  auto result = collect_results(manifest, folder, shard);
  if (!result) return result;
  result->baseline = baseline_path(options, manifest);
  if (result->baseline.empty()) return result;
  const auto baseline = read_baseline(result->baseline);
  if (!baseline) return tl::unexpected(baseline.error());
  const double slack = options.slack > 0 ? options.slack : manifest.slack;
  if (*baseline) judge_by_baseline(*result, **baseline, slack);
  return result;
}

}  // namespace crossval
