// The noise floor of an engine: measured, kept in the cache folder, or read from a file.
#pragma once

#include <string>

#include "base/error.h"
#include "cli/progress.h"
#include "engine/engine.h"
#include "engine/spec.h"
#include "launch/engine_defaults.h"
#include "launch/launch.h"
#include "results/floor.h"

namespace crossval {

/// An engine that is loaded, and how it was asked for.
struct FloorSubject {
  const EngineSpec& spec;
  const EngineDefaults& defaults;
  Engine& engine;
};

/// Evaluates the bundled text with the engine as it is beside each setting that should not matter,
/// one after the other. What cannot be varied, or does not load, is listed with its reason. Errors:
/// usage (no vocabulary, nothing can be varied); unhealthy; engine_failed; bad_input_file;
/// interrupted.
Result<Floor> measure_floor(const FloorSubject& subject, const Launch& launch, Progress& progress);

/// Where the floor of this engine and model is kept, in a folder that is made. Errors:
/// bad_input_file; interrupted.
Result<std::string> floor_place(const FloorSubject& subject, const Launch& launch);

struct KnownFloor {
  Floor floor;
  std::string path;
};

/// Measures it and writes it to `path`, where it appears only when it is complete. Errors: as
/// measure_floor; cannot_write.
Result<KnownFloor> write_anew(const FloorSubject& subject, const Launch& launch,
                              const std::string& path, Progress& progress);

/// `what`: a file, or "auto": the kept one, measured and kept where there is none (or none that can
/// be read). Errors: as write_anew and read_floor_file; usage (a file's floor is of
/// another model or engine).
Result<KnownFloor> known_floor(const std::string& what, const FloorSubject& subject,
                               const Launch& launch, Progress& progress);

/// The engine under the setting of the floor's pair. Errors: those of make_engine; usage (there is
/// no such setting any more).
Result<std::unique_ptr<Engine>> open_floor_pair(const Floor& floor, const FloorSubject& subject,
                                                const Launch& launch);

}  // namespace crossval
