#include "names/renamed_engine.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "engine/forwarding_engine.h"

namespace crossval {
namespace {

class RenamedEngine : public ForwardingEngine {
 public:
  RenamedEngine(std::unique_ptr<Engine> engine, NamesFile names)
      : ForwardingEngine(std::move(engine)), names_(std::move(names)) {}

 private:
  Result<Outcome> compute_tensors(const TraceRequest& request, const TensorSink& sink) override {
    Result<void> cut;
    auto done = inner().trace(as_theirs(request), [&](const TraceTensor& tensor) {
      const std::vector<GivenName> given = names_.names_of(tensor);
      if (given.empty()) return sink(with_our_inputs(tensor));
      return std::ranges::all_of(given, [&](const GivenName& name) {
        auto ours = as_ours(tensor, name);
        if (!ours) cut = tl::unexpected(ours.error());
        return ours && sink(*ours);
      });
    });
    if (!cut) return tl::unexpected(cut.error());
    return done;
  }

  /// Operations and layers are those of our names, so that theirs are left open.
  TraceRequest as_theirs(TraceRequest request) const {
    Selection& wanted = request.selection;
    std::vector<std::string> names;
    for (const std::string& name : wanted.names) {
      names.push_back(name);
      std::ranges::move(names_.sources_of(name), std::back_inserter(names));
    }
    wanted.names = std::move(names);
    wanted.ops.clear();
    wanted.layers = {};
    return request;
  }

  Result<TraceTensor> as_ours(const TraceTensor& tensor, const GivenName& name) {
    TraceTensor ours = with_our_inputs(tensor);
    ours.name = name.name;
    ours.op = name.op;
    ours.occurrence = name.occurrence;
    ours.layer = layer_of(name.name);
    if (!name.columns) return ours;
    const int64_t first = name.columns->first, end = name.columns->end;
    if (end > tensor.width) {
      return fail(
          ExitCode::usage,
          fmt::format("the columns {} to {} of a tensor of {}", first, end - 1, tensor.width),
          fmt::format("file of names, tensor {}",
                      label_of(tensor.name, tensor.op, tensor.occurrence)));
    }
    columns_.clear();
    for (int64_t row = 0; row < tensor.positions; ++row) {
      const auto values = tensor.data.subspan(static_cast<size_t>(row * tensor.width + first),
                                              static_cast<size_t>(end - first));
      columns_.insert(columns_.end(), values.begin(), values.end());
    }
    ours.width = end - first;
    ours.heads = 0;
    ours.data = columns_;
    return ours;
  }

  /// An input that has become several has no name here.
  TraceTensor with_our_inputs(const TraceTensor& tensor) const {
    TraceTensor ours = tensor;
    for (std::string& input : ours.inputs) {
      const auto label = parse_label(input);
      if (!label) continue;
      const auto given = names_.names_of(
          {.name = label->name, .op = label->op, .occurrence = label->occurrence, .data = {}});
      if (given.size() == 1) input = label_of(given[0].name, given[0].op, given[0].occurrence);
    }
    return ours;
  }

  NamesFile names_;
  std::vector<float> columns_;
};

}  // namespace

Result<std::unique_ptr<Engine>> renamed(std::unique_ptr<Engine> engine, NamesFile names) {
  if (names.cuts() && rows_of(engine->info().settings) == RowContent::hashes) {
    return fail(ExitCode::usage, "columns of tensors of which it has hashes",
                "engine " + engine->info().identity.name + ", file of names",
                "Record it without --hashes.");
  }
  return std::unique_ptr<Engine>(
      std::make_unique<RenamedEngine>(std::move(engine), std::move(names)));
}

const Engine& unrenamed(const Engine& engine) {
  const auto* outer = dynamic_cast<const RenamedEngine*>(&engine);
  return outer == nullptr ? engine : outer->inner();
}

}  // namespace crossval
