#include "engine/info.h"

namespace crossval {

RowContent rows_of(const EngineSettings& settings) {
  if (settings.rows == kTopRows) return RowContent::top;
  return settings.rows == kHashedRows ? RowContent::hashes : RowContent::logits;
}

}  // namespace crossval
