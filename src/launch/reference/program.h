// Where the programs linked with llama.cpp are: built and kept by scripts/reference.sh.
#pragma once

#include <stop_token>
#include <string>

#include "base/error.h"
#include "engine/spec.h"
#include "launch/launch.h"

namespace crossval {

struct LlamaWorker {
  std::string path;
  std::string chosen_by;  // "BITNET_CPP_DIR=~/BitNet"; empty: by the spec, or nobody
};

/// The worker that a llama.cpp spec asks for: worker=PATH, src=, build= or release=, else what the
/// environment chooses, else what scripts/reference.sh has or builds. The environment: for a model
/// `of_bitnet`, which bitnet.cpp alone reads, its tree or build in BITNET_CPP_DIR; else
/// CROSSVAL_WORKER (when the spec says nothing of the build), else LLAMA_CPP_DIR. The default
/// reference is only looked up; what the user names is built when it is not there. Errors:
/// engine_failed, interrupted, usage (src= beside build=).
Result<LlamaWorker> llama_worker(const EngineSpec& spec, bool of_bitnet, const Launch& launch);

/// "BITNET_CPP_DIR=~/BitNet"; empty when the environment does not have it.
std::string bitnet_place();

/// Whether a spec itself says which program runs: another engine, a worker or a build of llama.cpp.
bool names_its_build(const EngineSpec& spec);

/// Whether it is the pinned release, built as canonical: neither spec nor environment say
/// otherwise.
bool is_default_reference(const EngineSpec& spec);

/// The llama.cpp that scripts/reference.sh has built for it; empty when there is none.
std::string default_libraries();

/// The program that renders chat templates: CROSSVAL_JINJA, else what scripts/reference.sh has or
/// builds (a minute). Errors: engine_failed, interrupted.
Result<std::string> jinja_renderer(const Launch& launch);

/// The same without building: empty when it is not there.
std::string built_jinja_renderer(const std::stop_token& stop);

/// The folder that scripts/reference.sh fills.
std::string cache_folder();

}  // namespace crossval
