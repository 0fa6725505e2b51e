// The options that say which engines run and how: the same for every command that takes one or two.
#pragma once

#include "launch/choice.h"

namespace crossval {

class AppOptions;

/// Both engines and how they run. The options write into `choice`, which must outlive `app`.
void add_engine_options(AppOptions& app, PairChoice& choice);

/// --candidate and --reference alone, likewise.
void add_side_options(AppOptions& app, PairChoice& choice);

/// Which engine, likewise; how it runs is added by add_running_options.
void add_single_engine_options(AppOptions& app, EngineChoice& choice);

/// Threads, context and what else an evaluation runs with, likewise.
void add_running_options(AppOptions& app, EngineDefaults& defaults);

}  // namespace crossval
