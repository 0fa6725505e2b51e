// What an engine shows, as a file: each value under the name of its operation, positions × width.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/error.h"
#include "engine/info.h"
#include "explain/judge.h"
#include "explain/trace_map.h"
#include "graph/op.h"
#include "graph/upstream_names.h"
#include "protocol/answers.h"
#include "safetensors/writer.h"

namespace crossval {

class TraceFile {
 public:
  /// Of the operations that `judge` knows to be shown, over `positions` positions. Errors:
  /// cannot_write.
  static Result<std::unique_ptr<TraceFile>> create(const std::string& path, const Graph& graph,
                                                   const std::vector<OpNames>& names,
                                                   const Judge& judge, int64_t positions,
                                                   const EngineInfo& engine);

  /// All tensors of the trace, in its order. Errors: cannot_write.
  Result<void> add(const TraceTensor& tensor);
  /// Errors: cannot_write.
  Result<void> finish() { return writer_->finish(); }

 private:
  TraceFile(TraceMap map, std::unique_ptr<SafetensorsWriter> writer,
            std::map<size_t, size_t> entries)
      : map_(std::move(map)), writer_(std::move(writer)), entries_(std::move(entries)) {}

  TraceMap map_;
  std::unique_ptr<SafetensorsWriter> writer_;
  std::map<size_t, size_t> entries_;  // the file's, by operation
};

}  // namespace crossval
