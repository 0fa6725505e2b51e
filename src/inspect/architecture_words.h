// Parts of a model's architecture in words.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "model/model.h"

namespace crossval {

bool in_some_layer(const Model& model, const std::function<bool(const Layer&)>& holds);

std::string norm_kind(const Model& model);        // "RMS norm", "layer norm without weights"
std::string norm_places(const Model& model);      // "before attention and feed-forward, after both"
std::string activation_name(const Model& model);  // "gated SiLU"
std::string gating_name(Gating gating);           // "softmax"

/// "a, b, c" of the parts that are not empty.
std::string list_of(const std::vector<std::string>& parts);

}  // namespace crossval
