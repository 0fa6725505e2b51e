#include "session/careful_evaluation.h"

namespace crossval {

Result<Progress> evaluate_carefully(size_t count, bool can_step, const Evaluation& evaluation) {
  const bool in_batch = count > 1 && can_step;
  auto progress = evaluation.run(0, count, in_batch);
  if (!progress || !progress->ill || !in_batch) return progress;
  const HealthFinding seen = *progress->ill;
  if (auto ok = evaluation.again(); !ok) return tl::unexpected(ok.error());
  Progress all{.rows = progress->rows};
  while (all.rows < count) {
    auto one = evaluation.run(all.rows, 1, false);
    if (!one) return one;
    all.rows += one->rows;
    all.ill = one->ill;
    all.more = one->more && one->rows > 0;
    if (all.ill || !all.more) return all;
  }
  all.ill = seen;
  all.ill->detail += " in a batch; evaluated one by one, every position is finite";
  all.of_batch_alone = true;
  return all;
}

}  // namespace crossval
