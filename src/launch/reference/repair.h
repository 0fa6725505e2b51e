// What to do when the reference is not there, not sound or not the default one: whole commands, for
// whatever folder the user stands in.
#pragma once

#include <string>

#include "engine/spec.h"

namespace crossval {

/// "Run: make -C 'TREE' reference", with the commands of `before` ("unset X; ") in front. TREE is
/// crossval's source tree; when it is no longer where the program was built: that, and what to do
/// instead.
std::string reference_build(const std::string& before = {});
std::string reference_build_in(const std::string& tree, const std::string& before);

/// From the reference that a spec and the environment name to a sound default one. `program`: its
/// worker, empty when there is none. Of the default reference what is built is removed first: it
/// would be found again.
std::string reference_repair(const EngineSpec& spec, const std::string& program);

/// Likewise for the renderer of chat templates.
std::string renderer_repair(const std::string& path);

}  // namespace crossval
