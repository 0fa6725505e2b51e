// What the worker tells about itself when it is ready, all of it read back from llama.cpp.
#pragma once

#include <string>

#include "options.h"
#include "session.h"

namespace crossval_llama {

/// The profile this worker was built for: "canonical", "production" or "as-built".
std::string build_profile();

/// Warns where a setting does less, or other things, than its name says.
void warn_about_settings(const Options& options, const Session& session);

/// The payload of a ready frame (docs/protocol.md).
std::string describe(const Options& options, Session& session);

}  // namespace crossval_llama
