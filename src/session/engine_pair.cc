#include "session/engine_pair.h"

#include <fmt/format.h>

#include <thread>

namespace crossval {
std::string engine_label(const EnginePair& engines, Side side) {
  return fmt::format("{} {}", side == Side::candidate ? "candidate" : "reference",
                     engines.of(side).info().identity.name);
}

Error attributed(const EnginePair& engines, Side side, Error error) {
  const std::string label = engine_label(engines, side);
  error.where = error.where.empty() ? label : fmt::format("{}, {}", label, error.where);
  return error;
}

Result<void> run_both(const EnginePair& engines,
                      const std::function<Result<void>(Side, Engine&)>& work,
                      const std::function<void()>& meanwhile) {
  Result<void> candidate, reference;
  {
    const std::jthread first([&] { candidate = work(Side::candidate, engines.candidate); });
    const std::jthread second([&] { reference = work(Side::reference, engines.reference); });
    meanwhile();
  }
  if (candidate && reference) return {};
  if (reference) {
    return tl::unexpected(attributed(engines, Side::candidate, candidate.error()));
  }
  if (candidate) {
    return tl::unexpected(attributed(engines, Side::reference, reference.error()));
  }
  const Error a = attributed(engines, Side::candidate, candidate.error());
  const Error b = attributed(engines, Side::reference, reference.error());
  return fail(a.code, fmt::format("both engines failed: {}", a.what), a.where,
              fmt::format("{}\n  {}", b.message(), a.hint));
}

}  // namespace crossval
