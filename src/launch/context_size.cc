#include "launch/context_size.h"

#include <fmt/format.h>

namespace crossval {

Result<int64_t> context_size(std::optional<int64_t> asked, const std::vector<std::string>& models,
                             const OpenedFiles& files) {
  constexpr const char* kTable = "position_embd.weight";  // one row a position
  int64_t context = asked.value_or(kDefaultContext);
  for (const std::string& model : models) {
    const auto file = files.open(model);
    const GgufTensor* table = file ? file->find_tensor(kTable) : nullptr;
    if (table == nullptr || table->ne[1] >= context) continue;
    if (asked) {
      return fail(ExitCode::usage,
                  fmt::format("-c {} is more than the {} positions that the model has learned",
                              context, table->ne[1]),
                  fmt::format("{}, tensor {}", model, kTable),
                  fmt::format("Give -c {} at most, or leave it out.", table->ne[1]));
    }
    context = table->ne[1];
  }
  return context;
}

}  // namespace crossval
