#include "session/engine_pair.h"

#include <fmt/format.h>

#include <exception>
#include <new>
#include <thread>

namespace crossval {
namespace {

// An exception must not leave a thread: it would end the program.
Result<Outcome> caught(const std::function<Result<Outcome>(Side, Engine&)>& work, Side side,
                       Engine& engine) {
  try {
    return work(side, engine);
  } catch (const std::bad_alloc&) {
    return fail(ExitCode::engine_failed, "not enough memory",
                "engine " + engine.info().identity.name, "Free some memory, or give a smaller -b.");
  } catch (const std::exception& error) {
    return fail(ExitCode::internal, std::string("unexpected: ") + error.what(),
                "engine " + engine.info().identity.name,
                "This is a bug in crossval; please report it with the command line.");
  }
}

}  // namespace

std::string engine_label(const EnginePair& engines, Side side) {
  return fmt::format("{} {}", side_word(side), engines.of(side).info().identity.name);
}

Error attributed(const EnginePair& engines, Side side, Error error) {
  // Engines call themselves "engine NAME"; which of the two it is says more.
  const std::string own = "engine " + engines.of(side).info().identity.name;
  std::string rest = error.where.starts_with(own) ? error.where.substr(own.size()) : error.where;
  if (!rest.empty() && !rest.starts_with(", ")) rest.insert(0, ", ");
  error.where = engine_label(engines, side) + rest;
  return error;
}

Result<void> run_both(const EnginePair& engines,
                      const std::function<Result<Outcome>(Side, Engine&)>& work,
                      const std::function<void()>& meanwhile) {
  Result<Outcome> candidate = Outcome::stopped, reference = Outcome::stopped;
  {
    const std::jthread first([&] { candidate = caught(work, Side::candidate, engines.candidate); });
    const std::jthread second(
        [&] { reference = caught(work, Side::reference, engines.reference); });
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
