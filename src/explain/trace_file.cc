#include "explain/trace_file.h"

#include <utility>

namespace crossval {

Result<std::unique_ptr<TraceFile>> TraceFile::create(const std::string& path, const Graph& graph,
                                                     const std::vector<OpNames>& names,
                                                     const Judge& judge, int64_t positions,
                                                     const EngineInfo& engine) {
  TraceMap map(graph, names);
  std::vector<SafetensorsEntry> entries;
  std::map<size_t, size_t> places;
  for (size_t op = 0; op < graph.ops.size(); ++op) {
    if (!judge.shows(op) || map.label(op).empty()) continue;
    places[op] = entries.size();
    entries.push_back(
        {.name = map.label(op), .rows = positions, .columns = graph.width(graph.ops[op].output)});
  }
  const EngineIdentity& who = engine.identity;
  auto writer = SafetensorsWriter::create(path, std::move(entries),
                                          {{"engine", who.name},
                                           {"version", who.version},
                                           {"commit", who.commit},
                                           {"profile", who.profile},
                                           {"model", engine.settings.model_path}});
  if (!writer) return tl::unexpected(writer.error());
  return std::unique_ptr<TraceFile>(
      new TraceFile(std::move(map), *std::move(writer), std::move(places)));
}

Result<void> TraceFile::add(const TraceTensor& tensor) {
  const auto op = map_.op_of(tensor);
  const auto place = op ? entries_.find(*op) : entries_.end();
  if (place == entries_.end()) return {};
  return writer_->write(place->second, tensor.first_position, tensor.data);
}

}  // namespace crossval
