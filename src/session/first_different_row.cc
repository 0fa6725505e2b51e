#include "session/first_different_row.h"

#include <array>
#include <vector>

#include "protocol/row_hash.h"

namespace crossval {

Result<std::optional<int32_t>> first_different_row(const EnginePair& engines,
                                                   std::span<const TokenId> ids,
                                                   const std::stop_token& stop) {
  std::array<std::vector<uint64_t>, 2> hashes;
  const auto work = [&](Side side, Engine& engine) {
    std::vector<float> scratch;
    std::vector<uint64_t>& mine = hashes[side == Side::candidate ? 0 : 1];
    return engine.evaluate({.ids = ids}, [&](int32_t, const Row& row) {
      mine.push_back(hash_of(row.logits, scratch));
      return !stop.stop_requested();
    });
  };
  if (auto done = run_both(engines, work, [] {}); !done) return tl::unexpected(done.error());
  if (stop.stop_requested()) return fail(ExitCode::interrupted, "interrupted");
  for (size_t i = 0; i < ids.size(); ++i)
    if (hashes[0][i] != hashes[1][i]) return static_cast<int32_t>(i);
  return std::nullopt;
}

}  // namespace crossval
