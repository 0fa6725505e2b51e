#include "conformance/row_content.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

#include "conformance/kept_rows.h"

namespace crossval {
namespace {

tl::unexpected<Error> broken(size_t row, const std::string& what) {
  return fail(ExitCode::engine_failed, fmt::format("row {} {}", row, what));
}

// What no list of the most likely tokens of one distribution has; empty: nothing.
std::string fault_of(const TopRow& row, int32_t n_vocab) {
  constexpr double kRounding = 1e-3;  // of ln p that a server has rounded
  if (row.tokens.empty()) return "lists no token";
  double sum = 0;
  std::vector<int32_t> ids;
  ids.reserve(row.tokens.size());
  for (const auto& [id, log_p] : row.tokens) {
    if (id < 0 || id >= n_vocab)
      return fmt::format("lists token {}, which is not in [0, {})", id, n_vocab);
    if (!std::isfinite(log_p) || log_p > kRounding)
      return fmt::format("gives token {} the ln p {}", id, log_p);
    ids.push_back(id);
    sum += std::exp(double{log_p});
  }
  const auto behind = std::ranges::is_sorted_until(
      row.tokens,
      [](const TopToken& a, const TopToken& b) { return a.log_probability > b.log_probability; });
  if (behind != row.tokens.end())
    return fmt::format("lists token {} behind one that is less likely", behind->id);
  std::ranges::sort(ids);
  if (const auto twice = std::ranges::adjacent_find(ids); twice != ids.end())
    return fmt::format("lists token {} twice", *twice);
  if (sum > 1 + kRounding) return fmt::format("has probabilities of {:.6g} together", sum);
  if (std::isnan(row.rest)) return {};
  if (row.rest < 0 || row.rest > 1)
    return fmt::format("gives all other tokens the probability {:.6g}", row.rest);
  if (std::abs(sum + row.rest - 1) > kRounding) {
    return fmt::format("lists probabilities of {:.6g}, and gives all others {:.6g}", sum, row.rest);
  }
  return {};
}

// Whether the engine's rows are of that content, or why this is not checked.
Result<Engine*> engine_of(CheckedProgram& program, RowContent content) {
  auto engine = program.engine();
  if (engine && rows_of((*engine)->info().settings) != content) return nullptr;
  return engine;
}

}  // namespace

Result<Checked> lists_most_likely_tokens(CheckedProgram& program) {
  const auto engine = engine_of(program, RowContent::top);
  if (!engine) return tl::unexpected(engine.error());
  if (*engine == nullptr) return Checked{Keeping::not_checked, "its rows are not top"};
  const auto rows = prompt_rows(**engine);
  if (!rows) return tl::unexpected(rows.error());
  for (size_t i = 0; i < rows->size(); ++i) {
    const std::string fault = fault_of(*(*rows)[i].view().top, (*engine)->info().settings.n_vocab);
    if (!fault.empty()) return broken(i, fault);
  }
  return Checked{};
}

Result<Checked> hashes_rows_and_tensors(CheckedProgram& program) {
  const auto engine = engine_of(program, RowContent::hashes);
  if (!engine) return tl::unexpected(engine.error());
  if (*engine == nullptr) return Checked{Keeping::not_checked, "its rows are not hashes"};
  const int32_t n_vocab = (*engine)->info().settings.n_vocab;
  const auto rows = prompt_rows(**engine);
  if (!rows) return tl::unexpected(rows.error());
  for (size_t i = 0; i < rows->size(); ++i) {
    const RowHash row = (*rows)[i].view().hash;
    if (row.hash == 0) return broken(i, "has the hash 0");
    if (row.argmax < -1 || row.argmax >= n_vocab)
      return broken(i, fmt::format("has its highest logit at {} of {}", row.argmax, n_vocab));
  }
  if (!(*engine)->info().capabilities.trace) return Checked{};
  std::string zero;
  const std::vector<TokenId> ids = some_ids((*engine)->info().settings);
  const auto traced = (*engine)->trace({.ids = ids}, [&](const TraceTensor& tensor) {
    if (std::ranges::find(tensor.hashes, 0U) != tensor.hashes.end()) zero = tensor.name;
    return true;
  });
  if (!traced) return tl::unexpected(traced.error());
  if (zero.empty()) return Checked{};
  return fail(ExitCode::engine_failed, fmt::format("tensor {} has the hash 0", zero));
}

}  // namespace crossval
