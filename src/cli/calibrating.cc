#include "cli/calibrating.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <vector>

#include "base/partial_file.h"
#include "base/thread_pool.h"
#include "floor/identity.h"
#include "floor/measured_floor.h"
#include "floor/reader.h"
#include "floor/text.h"
#include "launch/engine_factory.h"
#include "launch/model_files.h"
#include "launch/neutral_settings.h"
#include "launch/reference/program.h"
#include "report/json/floor.h"
#include "session/healthy_pair.h"

namespace crossval {
namespace {

using Prompts = std::vector<std::vector<TokenId>>;

// A floor is of distances between logits.
Result<void> check_rows(const EngineInfo& engine) {
  if (rows_of(engine.settings) == RowContent::logits) return {};
  return fail(ExitCode::usage,
              "a noise floor is of distances between logits, and the engine does not tell every "
              "logit",
              "engine " + engine.identity.name,
              "Beside such an engine --logprob-tol says how far apart ln p may be.");
}

Result<Prompts> tokenise_texts(Engine& engine) {
  if (!engine.info().capabilities.tokenize) {
    return fail(ExitCode::usage,
                "a noise floor is measured on text, and the engine has no vocabulary",
                "engine " + engine.info().identity.name);
  }
  Prompts prompts;
  for (const std::string_view text : floor_texts()) {
    auto ids = engine.tokenize(text, {});
    if (!ids) return tl::unexpected(ids.error());
    const auto most = static_cast<size_t>(engine.info().settings.n_ctx);
    if (ids->size() > most) ids->resize(most);
    prompts.push_back(*std::move(ids));
  }
  return prompts;
}

NeutralSettings settings_of(const FloorSubject& subject) {
  return neutral_settings(subject.spec, subject.engine.info(), machine_threads());
}

// The settings of one engine get the context of the engine as it is.
Result<std::unique_ptr<Engine>> make_other(const EngineSpec& spec, const FloorSubject& subject,
                                           const Launch& launch) {
  EngineDefaults defaults = subject.defaults;
  defaults.context = subject.engine.info().settings.n_ctx;
  return make_engine(spec, defaults, launch);
}

Result<std::vector<RowMetrics>> compare_on(const Prompts& prompts, Engine& other, Engine& engine,
                                           const std::stop_token& stop, Progress& progress) {
  int32_t planned = 0;
  for (const auto& ids : prompts) planned += static_cast<int32_t>(ids.size());
  std::vector<RowMetrics> all;
  for (const auto& ids : prompts) {
    const auto before = static_cast<int32_t>(all.size());
    auto metrics = compare_healthy_pair(
        {other, engine}, ids, [&](int32_t done) { progress.progress(before + done, planned); },
        stop);
    if (!metrics) return metrics;
    all.insert(all.end(), metrics->begin(), metrics->end());
  }
  return all;
}

Result<std::vector<std::string>> digests_of(const FloorSubject& subject, const Launch& launch) {
  return model_sha256(subject.engine.info().settings.model_path, launch.files, cache_folder(),
                      launch.stop);
}

}  // namespace

Result<Floor> measure_floor(const FloorSubject& subject, const Launch& launch, Progress& progress) {
  Engine& engine = subject.engine;
  if (auto ok = check_rows(engine.info()); !ok) return tl::unexpected(ok.error());
  const auto prompts = tokenise_texts(engine);
  if (!prompts) return tl::unexpected(prompts.error());
  auto digests = digests_of(subject, launch);
  if (!digests) return tl::unexpected(digests.error());
  NeutralSettings neutral = settings_of(subject);
  std::vector<MeasuredSetting> measured;
  for (const NeutralSetting& setting : neutral.settings) {
    progress.phase("noise floor: " + setting.name);
    auto other = make_other(setting.engine, subject, launch);
    if (!other) {
      if (other.error().code == ExitCode::interrupted) return tl::unexpected(other.error());
      neutral.lacking.push_back(setting.name + ": " + other.error().what);
      continue;
    }
    auto metrics = compare_on(*prompts, **other, engine, launch.stop, progress);
    if (!metrics) {
      metrics.error().where = setting.name + ": " + metrics.error().where;
      return tl::unexpected(metrics.error());
    }
    measured.push_back({setting.name, spec_text(setting.engine), *std::move(metrics)});
  }
  if (measured.empty()) {
    return fail(ExitCode::usage, "nothing can be varied of this engine, so it has no noise floor",
                "engine " + subject.spec.name, fmt::format("{}", fmt::join(neutral.lacking, "; ")));
  }
  Floor floor{.model_sha256 = *std::move(digests),
              .model_description = engine.info().settings.model_description,
              .engine = spec_text(subject.spec),
              .marks = engine_marks(engine.info()),
              .text_sha256 = floor_text_sha256(),
              .lacking = std::move(neutral.lacking)};
  complete_floor(floor, measured);
  return floor;
}

Result<std::string> floor_place(const FloorSubject& subject, const Launch& launch) {
  const auto digests = digests_of(subject, launch);
  if (!digests) return tl::unexpected(digests.error());
  const std::string folder = cache_folder() + "/floors";
  std::error_code error;  // the file's own error says it better
  std::filesystem::create_directories(folder, error);
  return fmt::format("{}/{}.json", folder,
                     floor_key(engine_marks(subject.engine.info()), *digests, floor_text_sha256()));
}

Result<KnownFloor> write_anew(const FloorSubject& subject, const Launch& launch,
                              const std::string& path, Progress& progress) {
  // What cannot be written is known before minutes are spent on it.
  auto file = PartialFile::create(path);
  if (!file) return tl::unexpected(file.error());
  auto floor = measure_floor(subject, launch, progress);
  if (!floor) return tl::unexpected(floor.error());
  if (auto ok = (*file)->append(floor_document(*floor)); !ok) return tl::unexpected(ok.error());
  if (auto ok = (*file)->finish(); !ok) return tl::unexpected(ok.error());
  return KnownFloor{*std::move(floor), path};
}

Result<KnownFloor> known_floor(const std::string& what, const FloorSubject& subject,
                               const Launch& launch, Progress& progress) {
  if (auto ok = check_rows(subject.engine.info()); !ok) return tl::unexpected(ok.error());
  const bool automatic = what == "auto";
  const auto path = automatic ? floor_place(subject, launch) : what;
  if (!path) return tl::unexpected(path.error());
  auto kept = read_floor_file(*path);
  if (!automatic) {
    if (!kept) return tl::unexpected(kept.error());
    const auto digests = digests_of(subject, launch);
    if (!digests) return tl::unexpected(digests.error());
    const auto fits = check_floor(*kept, *path, subject.engine.info(), *digests);
    if (!fits) return tl::unexpected(fits.error());
    return KnownFloor{*std::move(kept), *path};
  }
  if (kept) return KnownFloor{*std::move(kept), *path};
  return write_anew(subject, launch, *path, progress);
}

Result<std::unique_ptr<Engine>> open_floor_pair(const Floor& floor, const FloorSubject& subject,
                                                const Launch& launch) {
  const std::string& name = floor.settings[static_cast<size_t>(*floor.pair)].name;
  const NeutralSettings neutral = settings_of(subject);
  const auto setting = std::ranges::find(neutral.settings, name, &NeutralSetting::name);
  if (setting == neutral.settings.end()) {
    return fail(ExitCode::usage, "the floor's pair cannot be run here: " + name,
                "engine " + subject.spec.name, "--floor auto measures a floor that can.");
  }
  return make_other(setting->engine, subject, launch);
}

}  // namespace crossval
