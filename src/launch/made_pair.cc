#include "launch/made_pair.h"

#include <utility>

#include "launch/engine_factory.h"

namespace crossval {

Error told_together(Error first, Error second) {
  if (first.code == ExitCode::interrupted) return first;
  if (second.code == ExitCode::interrupted) return second;
  if (first.code == ExitCode::engine_failed && second.code != ExitCode::engine_failed) {
    std::swap(first, second);
  }
  if (first.what == second.what && first.where == second.where) return first;
  std::string other = "The other engine: " + second.message();
  for (size_t at = 0; (at = other.find('\n', at)) != std::string::npos; at += 3) {
    other.replace(at, 1, "\n  ");
  }
  first.hint += (first.hint.empty() ? "" : "\n  ") + other;
  return first;
}

Result<MadePair> make_pair(const EnginePairSpecs& pair, const EngineDefaults& defaults,
                           const Launch& launch) {
  auto candidate = make_engine(pair.candidate, defaults, launch);
  // A refusal is a reason already; the other engine need not load for it.
  if (!candidate && candidate.error().code != ExitCode::engine_failed) {
    return tl::unexpected(candidate.error());
  }
  auto reference = make_engine(pair.reference, defaults, launch);
  if (!candidate && !reference) {
    return tl::unexpected(told_together(candidate.error(), reference.error()));
  }
  if (!candidate) return tl::unexpected(candidate.error());
  if (!reference) return tl::unexpected(reference.error());
  return MadePair{*std::move(candidate), *std::move(reference)};
}

}  // namespace crossval
