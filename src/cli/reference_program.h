// Where the programs linked with llama.cpp are: built and kept by scripts/reference.sh.
#pragma once

#include <stop_token>
#include <string>

#include "base/error.h"
#include "cli/console.h"
#include "engine/spec.h"

namespace crossval {

/// A path with "~/" in front replaced by the home directory: shells do not do it after "key=".
std::string with_home(const std::string& path);

/// The worker that a llama.cpp spec asks for: worker=PATH, else the environment's CROSSVAL_WORKER
/// (when the spec says nothing of the build), else what scripts/reference.sh has or builds. The
/// default reference is only looked up; a tree, build, release or profile that the user names is
/// built when it is not there. Errors: engine_failed, interrupted, usage (src= beside build=).
Result<std::string> llama_worker(const EngineSpec& spec, const Console& console,
                                 std::stop_token stop);

/// Whether a spec itself says which program runs: another engine, a worker or a build of llama.cpp.
bool names_its_build(const EngineSpec& spec);

/// Whether it is the pinned release, built as canonical: neither spec nor environment say
/// otherwise.
bool is_default_reference(const EngineSpec& spec);

/// The llama.cpp that scripts/reference.sh has built for it; empty when there is none.
std::string default_libraries();

/// The program that renders chat templates: CROSSVAL_JINJA, else what scripts/reference.sh has or
/// builds (a minute; its progress is shown on the console's err). Errors: engine_failed,
/// interrupted.
Result<std::string> jinja_renderer(const Console& console, const std::stop_token& stop);

/// The same without building: empty when it is not there.
std::string built_jinja_renderer(const std::stop_token& stop);

/// The folder that scripts/reference.sh fills.
std::string cache_folder();

}  // namespace crossval
