// replay: a run in a file (docs/recording.md, docs/other-files.md).
#include "base/environment.h"
#include "launch/kinds/kinds.h"
#include "launch/run_file.h"

namespace crossval {
namespace {

constexpr std::string_view kKeys[] = {"model"};

constexpr Instead kInstead[] = {
    {"threads", "A recording has been computed."},
    {"batch", "A recording has been computed."},
    {"kv", "A recording has been computed: record it again with another type."},
};

Result<std::unique_ptr<Engine>> make(const EngineSpec& spec, const EngineDefaults& defaults,
                                     const Launch&) {
  auto engine = open_run_file(with_home(spec.operand));
  if (!engine) return tl::unexpected(engine.error());
  const bool by_chunks = defaults.by_chunks && (*engine)->chunks() != nullptr;
  if (const std::string instead = (*engine)->not_beside_an_engine();
      !instead.empty() && !by_chunks) {
    return fail(ExitCode::usage, "its rows are not those of one prompt from position 0 on",
                "replay:" + spec.operand, instead);
  }
  return std::unique_ptr<Engine>(*std::move(engine));
}

}  // namespace

constinit const EngineKind kReplay = {
    .name = "replay", .keys = kKeys, .instead = kInstead, .make = make, .reads_model = false};

}  // namespace crossval
