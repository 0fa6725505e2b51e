#include "launch/kinds/kinds.h"

#include <algorithm>

namespace crossval {

std::span<const EngineKind* const> engine_kinds() {
  static constexpr const EngineKind* kAll[] = {&kNative,         &kLlamaCpp,     &kOracle,
                                               &kOracleDeclared, &kTransformers, &kExecProgram,
                                               &kHttpServer,     &kReplay};
  return kAll;
}

const EngineKind* find_engine_kind(std::string_view name) {
  const auto kind = std::ranges::find(engine_kinds(), name, &EngineKind::name);
  return kind == engine_kinds().end() ? nullptr : *kind;
}

}  // namespace crossval
