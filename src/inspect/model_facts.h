// What a model computes, as far as its file or a default decides it: everything that changes
// numbers beside the weights' values, by name, so that two files can be laid side by side.
#pragma once

#include <vector>

#include "model/model.h"
#include "results/model_files.h"

namespace crossval {

/// `model` with its weights read, as far as they could be. Facts that mean nothing to this model
/// (YaRN's without YaRN, experts' without experts) are left out.
std::vector<ModelFact> facts_of(const Model& model);

/// Both lists in the order of the first; "none" where one has no such fact.
std::vector<ModelFactPair> paired(const std::vector<ModelFact>& a, const std::vector<ModelFact>& b);

}  // namespace crossval
