#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/count_text.h"
#include "report/text/comparison/parts.h"
#include "report/text/floor.h"
#include "report/text/numbers.h"
#include "report/text/printable.h"
#include "report/words.h"

namespace crossval {
namespace {

std::string rows_text(const Comparison& comparison) {
  std::string text = counted(comparison.prompt_positions, "position") + " of the prompt";
  if (comparison.decode_steps > 0) {
    text += " and " + counted(comparison.decode_steps, "decode step");
  }
  return text;
}

// "1 position of the prompt passes".
std::string passing_rows(const Comparison& comparison) {
  const bool one = comparison.prompt_positions + comparison.decode_steps == 1;
  return rows_text(comparison) + (one ? " passes" : " pass");
}

std::string place_text(const PositionResult& position) {
  std::string place =
      fmt::format("{} {}", position.decode ? "decode position" : "position", position.position);
  if (position.piece.empty()) return place;
  return fmt::format("{} (\"{}\")", place, fitted(escaped(position.piece), 24));
}

long failed_count(const Comparison& comparison) {
  return std::ranges::count_if(comparison.positions,
                               [](const PositionResult& position) { return !position.passed; });
}

// A cosine says nothing of what healthy engines do.
bool is_uncalibrated(const Comparison& comparison) {
  return comparison.requirement == Requirement::log_probabilities ||
         (comparison.requirement == Requirement::cosine && !comparison.floor);
}

// "12 of the 20 tokens that are told", at the position with the fewest.
std::string told_tokens(const Comparison& comparison) {
  int32_t fewest = std::numeric_limits<int32_t>::max(), most = 0;
  for (const PositionResult& position : comparison.positions) {
    if (!position.top) continue;
    fewest = std::min(fewest, position.top->compared);
    most = std::max(most, position.top->compared);
  }
  return fewest == most ? grouped(most) : grouped(fewest) + " to " + grouped(most);
}

// What of the worst position decides.
std::string farthest_text(const PositionResult& position) {
  if (!position.top) return "cosine " + cosine_text(position.metrics.cosine);
  return "|Δ ln p| " + distance_text(position.top->max_abs_diff);
}

std::string why_failed(const Comparison& comparison, const PositionResult& position) {
  const RowMetrics& metrics = position.metrics;
  switch (comparison.requirement) {
    case Requirement::cosine:
      return fmt::format("cosine {} below {}", cosine_text(metrics.cosine), comparison.cos_tol);
    case Requirement::bits:
      return comparison.rows == RowContent::hashes
                 ? "bits differ, by how much hashes do not tell"
                 : fmt::format("bits differ, max |Δ| {}", distance_text(metrics.max_abs_diff));
    case Requirement::log_probabilities:
      return fmt::format("ln p of token {} differs by {}{}, more than {}",
                         position.top->max_abs_token, position.top->at_least ? "at least " : "",
                         distance_text(position.top->max_abs_diff), comparison.logprob_tol);
    case Requirement::floor:
      break;
  }
  const FloorComparison& floor = *comparison.floor;
  if (!(metrics.kl <= floor.kl_limit))
    return fmt::format("KL {} above {}", distance_text(metrics.kl), distance_text(floor.kl_limit));
  const double nmse = metrics.centred_relative_l2 * metrics.centred_relative_l2;
  if (!(nmse <= floor.nmse_limit))
    return fmt::format("NMSE {} above {}", distance_text(nmse), distance_text(floor.nmse_limit));
  return fmt::format(
      "another most likely token, though the reference's leads by {:.3g} and noise "
      "is {:.3g}",
      metrics.reference_margin, position.floor->noise);
}

std::string diverged_sentence(const Comparison& comparison) {
  const long failed = failed_count(comparison);
  if (failed == 0) {
    return fmt::format("{}, but as a whole the run is larger than the noise floor",
                       passing_rows(comparison));
  }
  const auto count = static_cast<long>(comparison.positions.size());
  if (!comparison.first_divergence) {
    return fmt::format("{} of {} fail", grouped(failed), counted(count, "position"));
  }
  const PositionResult& first =
      comparison.positions[static_cast<size_t>(*comparison.first_divergence)];
  std::string text =
      fmt::format("the engines first disagree at {}: {}; {} of {} fail", place_text(first),
                  why_failed(comparison, first), grouped(failed), counted(count, "position"));
  if (is_uncalibrated(comparison)) text += "; uncalibrated: no noise floor is known";
  return text;
}

std::string unhealthy_sentence(const Comparison& comparison) {
  if (comparison.health.empty()) return "no position was compared";
  const HealthFinding& first = comparison.health.front();
  const std::string where =
      first.position < 0 ? "" : fmt::format(" at position {}", first.position);
  const auto& findings = comparison.health;
  const bool both =
      first.position >= 0 && std::ranges::any_of(findings, [&](const HealthFinding& finding) {
        return finding.side != first.side && finding.position == first.position;
      });
  return fmt::format("{} gave logits that no working engine gives{}: {}",
                     both ? "both engines" : fmt::format("the {}", side_word(first.side)), where,
                     first.detail);
}

std::string refused_names(const Comparison& comparison) {
  std::string names;
  for (const SettingDifference& setting : comparison.settings) {
    if (setting.weight == SettingWeight::refused)
      names += (names.empty() ? "" : ", ") + setting.name;
  }
  return names;
}

std::string tokens_sentence(const Comparison& comparison) {
  std::string text =
      (comparison.mismatch ? what_differs(*comparison.mismatch) : "the ids differ") + "; ";
  if (comparison.positions.empty()) return text + "nothing was evaluated";
  text += fmt::format(
      "with the {}'s ids, ",
      comparison.on_token_mismatch == OnTokenMismatch::use_candidate ? "candidate" : "reference");
  const auto count = static_cast<long>(comparison.positions.size());
  return text + (comparison.identical_rows == count
                     ? "every logit of " + rows_text(comparison) + " is bit for bit the same"
                     : passing_rows(comparison) + " what is required");
}

std::string match_sentence(const Comparison& comparison) {
  const std::string rows = counted(comparison.identical_rows, "row");
  if (comparison.requirement == Requirement::floor) {
    return fmt::format("{} within the noise floor ({} bit-identical)", passing_rows(comparison),
                       rows);
  }
  if (comparison.requirement == Requirement::log_probabilities) {
    return fmt::format(
        "{}: the log-probabilities of the {} most likely tokens that both sides tell differ by {} "
        "or less; uncalibrated: no noise floor is known",
        passing_rows(comparison), told_tokens(comparison), comparison.logprob_tol);
  }
  return fmt::format("{} with cosine {} or more ({} bit-identical){}", passing_rows(comparison),
                     comparison.cos_tol, rows,
                     is_uncalibrated(comparison) ? "; uncalibrated: no noise floor is known" : "");
}

std::string sentence(const Comparison& comparison) {
  switch (comparison.verdict) {
    case Verdict::identical:
      return (comparison.rows == RowContent::hashes ? "by its hash every row of "
                                                    : "every logit of ") +
             rows_text(comparison) + " is bit for bit the same";
    case Verdict::drift:
      return fmt::format(
          "{} within the noise floor's limits, {} of them farther than it has ever "
          "been",
          passing_rows(comparison), grouped(comparison.floor->above));
    case Verdict::match:
      return match_sentence(comparison);
    case Verdict::diverged:
      return diverged_sentence(comparison);
    case Verdict::unhealthy:
      return unhealthy_sentence(comparison);
    case Verdict::tokens_differ:
      return tokens_sentence(comparison);
    case Verdict::settings_differ:
      return "the engines run with settings that change the numbers and that nobody asked for: " +
             refused_names(comparison) + "; nothing was evaluated";
  }
  return {};
}

Tint tint_of(Verdict verdict) {
  return exit_code(verdict) == ExitCode::ok ? Tint::good : Tint::bad;
}

// With --require floor.
std::string passing_floor(const FloorComparison& floor) {
  std::string text;
  if (!floor.passing_factor) {
    text = "none would have passed: a flip is decisive whatever the limits are";
  } else if (*floor.passing_factor > 1) {
    text = fmt::format("limits {:.3g} times as wide would have passed", *floor.passing_factor);
  }
  if (floor.paired && floor.paired->word == PairedWord::larger) {
    text += fmt::format("{}a margin of {:.1f} % would have passed",
                        text.empty() ? "" : "; as a whole, ",
                        100 * std::expm1(floor.paired->passing_margin));
  }
  return text;
}

std::string passing_text(const Comparison& comparison) {
  if (comparison.passing_logprob_tol)
    return fmt::format("--logprob-tol {} would have passed",
                       distance_text(*comparison.passing_logprob_tol));
  if (!comparison.passing_cos_tol) return {};
  if (comparison.requirement == Requirement::floor) return passing_floor(*comparison.floor);
  const std::string tolerance = cosine_text(*comparison.passing_cos_tol);
  return comparison.requirement == Requirement::bits
             ? fmt::format("no bit may differ; under --require cos, --cos-tol {} would have passed",
                           tolerance)
             : fmt::format("--cos-tol {} would have passed", tolerance);
}

// Another order of summation does as much: beside another implementation that is where bits first
// differ, and nothing is wrong there.
bool is_of_roundings_size(const FirstDifference& first) {
  constexpr double kRounding = 1e-5;  // of the larger value: some tens of units of the last place
  const double larger = std::max(std::abs(first.candidate), std::abs(first.reference));
  return std::abs(double{first.candidate} - double{first.reference}) <= kRounding * larger;
}

// With two model files whose weight differs there, the weight is the first thing to look at.
std::string look_at(const Comparison& comparison) {
  const TraceComparison& trace = *comparison.trace;
  if (!trace.differs)
    return "no traced tensor differs: look at what lies between them and the logits";
  const FirstDifference& first = trace.first;
  if (first.same_weight && !*first.same_weight) {
    return fmt::format("crossval inspect {} {} shows how {} and other tensors differ",
                       escaped(comparison.candidate.settings.model_path),
                       escaped(comparison.reference.settings.model_path), escaped(first.weight));
  }
  if (comparison.verdict == Verdict::diverged && is_of_roundings_size(first)) {
    return "that difference is of rounding's size: crossval explain looks for an operation that "
           "rounding does not explain";
  }
  std::string inputs;
  for (const TensorInput& input : first.inputs)
    inputs += (inputs.empty() ? ", fed by " : " and ") + escaped(input.tensor);
  return "look at " + escaped(first.op) + " in both engines" + inputs;
}

// Of logits that are not finite.
std::string look_at_origin(const Comparison& comparison) {
  const auto& origins = comparison.origins;
  const auto bad = std::ranges::find_if(
      origins, [](const NonFiniteOrigin& origin) { return origin.bad_weight.has_value(); });
  if (bad != origins.end()) {
    const EngineInfo& engine =
        bad->side == Side::candidate ? comparison.candidate : comparison.reference;
    return fmt::format("crossval inspect {} counts the weights that are not finite",
                       escaped(engine.settings.model_path));
  }
  const auto found = std::ranges::count_if(origins, &NonFiniteOrigin::found);
  if (found == 0) return {};
  const auto first = std::ranges::find_if(origins, &NonFiniteOrigin::found);
  const std::string where =
      found == 2 ? "both engines" : fmt::format("the {}", side_word(first->side));
  return fmt::format("look at {} in {}: all that was computed before it is finite",
                     escaped(first->op), where);
}

std::string next_step(const Comparison& comparison) {
  switch (comparison.verdict) {
    case Verdict::diverged:
      if (comparison.explanation) return {};  // says what there is to look at
      if (comparison.trace) return look_at(comparison);
      if (comparison.rows == RowContent::hashes)
        return comparison.candidate.capabilities.trace && comparison.reference.capabilities.trace
                   ? "--first-diff finds the first tensor whose hash differs"
                   : "record both with every logit to see how far they are apart";
      if (comparison.rows == RowContent::top) return "--all shows every position";
      if (is_uncalibrated(comparison)) {
        return "--require floor tells whether healthy engines are as far apart; --explain finds "
               "the "
               "operation that is off, the engine that is wrong and the mistake";
      }
      return "--explain finds the operation that is off, the engine that is wrong and the mistake; "
             "--all shows every position";
    case Verdict::unhealthy:
      if (const std::string origin = look_at_origin(comparison); !origin.empty()) return origin;
      if (comparison.positions.empty()) return {};
      return comparison.trace ? look_at(comparison)
                              : "--first-diff finds the first operation whose result differs";
    case Verdict::tokens_differ:
      return comparison.on_token_mismatch == OnTokenMismatch::stop
                 ? "--on-token-mismatch use-reference goes on with the reference's ids on both "
                   "sides"
                 : "";
    case Verdict::settings_differ:
      return "set them alike, or ask for the difference: --candidate NAME:KEY=VALUE";
    case Verdict::drift:
    case Verdict::match:
      if (comparison.rows == RowContent::top) return {};
      return comparison.trace || comparison.explanation
                 ? ""
                 : "--explain says whether an engine is wrong or both only round differently";
    case Verdict::identical:
      break;
  }
  return {};
}

}  // namespace

std::string verdict_text(const Comparison& comparison, const TextOptions& options) {
  const Layout& layout = options.layout;
  const std::string word = verdict_word(comparison.verdict);
  const Tint tint = tint_of(comparison.verdict);
  // Wrapped without colour, then the word gets its own.
  const std::string lines = layout.paragraph(word + ": " + sentence(comparison) + ".");
  std::string text = layout.tinted(tint, word) + lines.substr(word.size());
  const bool failed_numbers = comparison.verdict == Verdict::diverged;
  const bool passed_numbers =
      comparison.verdict == Verdict::match || comparison.verdict == Verdict::drift ||
      (comparison.verdict == Verdict::tokens_differ && comparison.worst.has_value());
  if (failed_numbers || passed_numbers) {
    std::string extremes;
    if (comparison.worst) {
      const PositionResult& worst = comparison.positions[static_cast<size_t>(*comparison.worst)];
      extremes = place_text(worst);
      if (comparison.rows != RowContent::hashes) extremes += ", " + farthest_text(worst);
    }
    if (!extremes.empty()) text += layout.labelled("worst", extremes);
    text += layout.labelled(
        "top-1", comparison.argmax_flips == 0
                     ? "the same at every position"
                     : fmt::format("differs at {} of {}", grouped(comparison.argmax_flips),
                                   counted(std::ssize(comparison.positions), "position")));
  }
  if (failed_numbers) {
    if (const std::string passing = passing_text(comparison); !passing.empty()) {
      text += layout.labelled("tolerance", passing);
    }
  }
  if (const std::string next = next_step(comparison); !next.empty()) {
    text += layout.labelled("next", next);
  }
  return text;
}

}  // namespace crossval
