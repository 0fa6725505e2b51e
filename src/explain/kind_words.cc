#include "explain/kind_words.h"

namespace crossval {
namespace {

struct Words {
  const char* operator()(const EmbedTokens&) const { return "token embedding"; }
  const char* operator()(const EmbedPositions&) const { return "position embedding"; }
  const char* operator()(const Normalise& a) const {
    return a.kind == NormKind::rms ? "RMS norm" : "layer norm";
  }
  const char* operator()(const Weigh&) const { return "product with weights"; }
  const char* operator()(const AddBias&) const { return "bias"; }
  const char* operator()(const Divide&) const { return "division by weights"; }
  const char* operator()(const MatMul&) const { return "matrix product"; }
  const char* operator()(const Scale&) const { return "scale"; }
  const char* operator()(const Clamp&) const { return "clamp"; }
  const char* operator()(const SoftCap&) const { return "soft cap"; }
  const char* operator()(const Add&) const { return "sum"; }
  const char* operator()(const Columns&) const { return "part of a row"; }
  const char* operator()(const JoinHeads&) const { return "join of head parts"; }
  const char* operator()(const Rotate&) const { return "RoPE"; }
  const char* operator()(const Temper&) const { return "temperature of queries"; }
  const char* operator()(const Attend&) const { return "attention"; }
  const char* operator()(const GateBy&) const { return "gate"; }
  const char* operator()(const Activate&) const { return "activation"; }
  const char* operator()(const RouteProbabilities&) const { return "router's probabilities"; }
  const char* operator()(const ChooseExperts&) const { return "choice of experts"; }
  const char* operator()(const WeighChosen&) const { return "weights of experts"; }
  const char* operator()(const ExpertMatMul&) const { return "experts' matrix product"; }
  const char* operator()(const ExpertScale&) const { return "experts' scale"; }
  const char* operator()(const ExpertBias&) const { return "experts' bias"; }
  const char* operator()(const WeighExperts&) const { return "weighing of experts"; }
  const char* operator()(const SumExperts&) const { return "sum of experts"; }
  const char* operator()(const Poison&) const { return "planted NaN"; }
  const char* operator()(const Roll&) const { return "planted shift"; }
};

}  // namespace

std::string kind_words(const Action& action) { return std::visit(Words{}, action); }

}  // namespace crossval
