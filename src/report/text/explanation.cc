#include "report/text/explanation.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>
#include <vector>

#include "base/count_text.h"
#include "report/text/comparison/parts.h"
#include "report/text/heat_strip.h"
#include "report/text/model_difference.h"
#include "report/text/numbers.h"
#include "report/text/printable.h"
#include "report/words.h"

namespace crossval {
namespace {

constexpr size_t kAround = 3;  // operations shown before and behind the guilty one
constexpr size_t kFlips = 4;   // positions shown that go to other experts

std::string units(double value) {
  if (std::isinf(value)) return "∞";
  return value < 100 ? fmt::format("{:.2f}", value) : fmt::format("{:.1e}", value);
}

/// Verbose: how well it fits, and how badly the next best does.
std::string arithmetic_lines(const JudgedEngine& engine, double limit, const TextOptions& options) {
  std::string text;
  for (const FittedArithmetic& fit : engine.arithmetic) {
    std::string line = fit.units <= limit ? fmt::format("{}: {}", fit.what, fit.as)
                                          : fmt::format("{}: none that is known fits; judged as {}",
                                                        fit.what, fit.as);
    if (options.verbose && fit.next > 0) {
      line += fmt::format(" (typically {} units; in the next best arithmetic {})", units(fit.units),
                          units(fit.next));
    }
    text += options.layout.labelled("", line);
  }
  return text;
}

/// In what its model file is another than the one that is the truth.
std::string model_lines(const FileDifference& difference, const Layout& layout) {
  constexpr size_t kShown = 4;
  std::string text = layout.labelled(
      "", "its model file is another: " + equal_tensors_text(difference), Tint::warn);
  if (!difference.metadata.empty())
    text += layout.labelled("keys", differing_keys_text(difference, kShown));
  return text + tensor_changes_text(difference, {"its file", "the model"}, kShown, layout);
}

/// "12 prompts of one token: 3.2e-01 from canonical arithmetic"
std::string logits_line(const LogitsDistance& found) {
  const std::string apart = found.identical == found.prompts
                                ? "bit for bit those of "
                                : fmt::format("{:.1e} from ", found.distance);
  return fmt::format("{} of {}: logits {}{}{}", counted(found.prompts, "prompt"),
                     found.tokens == 1 ? "one token" : "two tokens and more", apart,
                     found.arithmetic,
                     found.mistake.empty() ? "" : " with the mistake " + found.mistake);
}

std::string closed_lines(const JudgedByLogits& judged, const TextOptions& options) {
  std::string text = options.layout.labelled("", "shows no tensors: judged by its logits");
  for (const LogitsDistance& found : judged.sound) {
    text += options.layout.labelled("", logits_line(found),
                                    found.distance <= kSameLogits ? Tint::good : Tint::bad);
  }
  for (const LogitsDistance& found : judged.causes)
    text += options.layout.labelled("", logits_line(found));
  return text;
}

std::string engine_lines(const char* side, const JudgedEngine& engine, double limit,
                         const TextOptions& options) {
  const Layout& layout = options.layout;
  std::string text = layout.labelled(side, name_line(engine.info.identity));
  const std::string other_model =
      engine.model_difference ? model_lines(*engine.model_difference, layout) : "";
  if (engine.by_logits) return text + closed_lines(*engine.by_logits, options) + other_model;
  std::string counts = fmt::format("{} of {} operations shown, {} judged: ", engine.shown,
                                   engine.asked, engine.judged);
  counts += engine.beyond == 0 ? fmt::format("all within their bounds (worst {} units)",
                                             units(engine.worst_healthy))
                               : fmt::format("{} beyond {:g} units (worst of the others {})",
                                             engine.beyond, limit, units(engine.worst_healthy));
  text += layout.labelled("", counts, engine.beyond == 0 ? Tint::good : Tint::bad);
  text += arithmetic_lines(engine, limit, options);
  if (options.verbose && !engine.without_partner.empty()) {
    text += layout.labelled("", printable(fmt::format("values that no operation has: {}",
                                                      fmt::join(engine.without_partner, ", "))));
  }
  return text + other_model;
}

Cell local_cell(const JudgedOperation& operation, double limit) {
  if (!operation.judged) return {operation.shown ? "–" : "", Tint::dim};
  const bool beyond = operation.error.units > limit;
  return {units(operation.error.units), beyond ? Tint::bad : Tint::none};
}

std::string table_around(const Explanation& e, size_t guilty, const Layout& layout) {
  Table table({{"operation"}, {"kind"}, {"candidate", true}, {"reference", true}, {"apart", true}});
  std::vector<size_t> shown;
  for (size_t i = 0; i < e.candidate.operations.size(); ++i)
    if (e.candidate.operations[i].shown || e.reference.operations[i].shown) shown.push_back(i);
  const auto at = std::ranges::lower_bound(shown, guilty);
  const auto from = at - std::min<ptrdiff_t>(kAround, at - shown.begin());
  const auto to = at + std::min<ptrdiff_t>(kAround + 1, shown.end() - at);
  for (auto i = from; i != to; ++i) {
    const JudgedOperation& c = e.candidate.operations[*i];
    const JudgedOperation& r = e.reference.operations[*i];
    const double apart = e.accumulated[*i];
    table.add({{c.tensor, *i == guilty ? Tint::strong : Tint::none},
               {c.kind, Tint::dim},
               local_cell(c, e.limit),
               local_cell(r, e.limit),
               {apart < 0    ? ""
                : apart == 0 ? "equal"
                             : fmt::format("{:.1e}", apart)}});
  }
  return table.text(layout);
}

/// "RoPE of 30 layers".
std::string others_beyond(const JudgedEngine& engine, double limit) {
  std::map<std::string, int64_t> kinds;
  for (const JudgedOperation& operation : engine.operations)
    if (operation.judged && operation.error.units > limit) ++kinds[operation.kind];
  std::string text;
  for (const auto& [kind, count] : kinds)
    text += fmt::format("{}{} × {}", text.empty() ? "" : ", ", count, kind);
  return text;
}

std::string guilt(const char* side, const JudgedEngine& engine, const Explanation& e,
                  const Layout& layout) {
  const JudgedOperation& first = engine.operations[*engine.first_beyond];
  const LocalError& error = first.error;
  std::string text = layout.labelled(
      side,
      fmt::format("{} ({}{}) is {} units off at position {}, element {}: {} where its own "
                  "inputs give {}",
                  first.tensor, first.kind, first.weight.empty() ? "" : ", weight " + first.weight,
                  units(error.units), error.position, error.element,
                  fmt::format("{:.9g}", error.value), fmt::format("{:.9g}", error.expected)));
  if (engine.beyond > 1)
    text += layout.labelled("", "beyond their bounds in all: " + others_beyond(engine, e.limit));
  return text;
}

std::string cause_lines(const Explanation& e, const Layout& layout) {
  if (e.mistakes_tried == 0) return {};
  if (e.causes.empty()) {
    return layout.labelled("cause", fmt::format("none of the {} that could do it",
                                                counted(e.mistakes_tried, "known mistake")));
  }
  std::string text;
  for (const FoundCause& cause : e.causes) {
    text += layout.labelled(text.empty() ? "cause" : "",
                            fmt::format("{}: {}. Under it {} units are left", cause.mistake,
                                        cause.what, units(cause.units)));
  }
  return text;
}

std::string percent(double share) {
  const double value = 100 * share;
  return fmt::format("{:.{}f} %", value, std::abs(value) < 10 ? 1 : 0);
}

/// Of the layer of the first: "Qcur-12 ROPE and Kcur-12 ROPE".
std::string values_off(const JudgedEngine& engine, double limit) {
  std::vector<std::string> names;
  const int32_t layer = engine.operations[*engine.first_beyond].layer;
  for (const JudgedOperation& operation : engine.operations)
    if (operation.judged && operation.layer == layer && operation.error.units > limit)
      names.push_back(operation.tensor);
  if (names.size() == 1) return names[0];
  if (names.size() == 2) return names[0] + " and " + names[1];
  return fmt::format("{} and {} more of the layer", names[0], names.size() - 1);
}

/// What canonical arithmetic says of it.
std::string proof_lines(const Explanation& e, const char* side, const JudgedEngine& engine,
                        const Layout& layout) {
  if (!e.proof) return {};
  const CausalProof& proof = *e.proof;
  std::string text;
  if (proof.share) {
    text += layout.labelled(
        "proof",
        fmt::format("canonical arithmetic that goes on from the {}'s {}: {} of the logits' "
                    "difference between the engines goes with that",
                    side, values_off(engine, e.limit), percent(*proof.share)));
  }
  if (proof.distance_under_cause < 0) return text;
  const std::string now =
      proof.identical_under_cause
          ? fmt::format("are the {}'s bit for bit", side)
          : fmt::format("are {:.1e} from the {}'s", proof.distance_under_cause, side);
  text += layout.labelled(
      text.empty() ? "proof" : "",
      fmt::format(
          "canonical arithmetic that makes the mistake {}: its logits {} ({:.1e} without it)",
          proof.in_all_layers ? "wherever it can" : "in this layer", now, proof.distance));
  return text;
}

/// "a tie", as a reason in a sentence.
const char* flip_words(FlipReason reason) {
  switch (reason) {
    case FlipReason::tie:
      return "a tie, which rounding decides";
    case FlipReason::inputs:
      return "each as its own inputs say";
    case FlipReason::candidate_router:
      return "the candidate's router is wrong";
    case FlipReason::reference_router:
      return "the reference's router is wrong";
    case FlipReason::both_routers:
      return "both routers are wrong";
  }
  return "";
}

std::string flip_line(const RoutingFlip& flip, double limit) {
  std::string text =
      fmt::format("layer {}, position {}: candidate {} (margin {} units), reference {} ({}): {}",
                  flip.layer, flip.position, fmt::join(flip.candidate.experts, " "),
                  units(flip.candidate.margin), fmt::join(flip.reference.experts, " "),
                  units(flip.reference.margin), flip_words(reason_of(flip, limit)));
  if (flip.apart >= 0 && flip.apart_when_forced >= 0) {
    text +=
        fmt::format("; sums of experts {:.1e} apart, with the candidate's choice in both {:.1e}",
                    flip.apart, flip.apart_when_forced);
  }
  return text;
}

/// Where the engines choose other experts; the first flip of a layer before its others.
std::string routing_lines(const Explanation& e, const Layout& layout) {
  if (e.routing_flips.empty()) return {};
  std::string text =
      layout.labelled("experts", fmt::format("{} of {} are others in the two engines",
                                             e.routing_flips.size(), counted(e.routed, "choice")));
  std::vector<const RoutingFlip*> order;
  order.reserve(e.routing_flips.size());
  for (const RoutingFlip& flip : e.routing_flips) order.push_back(&flip);
  const auto is_first = [](const RoutingFlip* flip) { return flip->apart_when_forced >= 0; };
  const auto shown = [&](const RoutingFlip* flip) {
    return std::pair{!is_first(flip), std::pair{flip->layer, flip->position}};
  };
  std::ranges::sort(order, {}, shown);
  if (order.size() > kFlips) order.resize(kFlips);
  for (const RoutingFlip* flip : order) text += layout.labelled("", flip_line(*flip, e.limit));
  return text;
}

}  // namespace

const JudgedEngine& guilty_engine(const Explanation& e) {
  return e.blame == Blame::reference ? e.reference : e.candidate;
}

std::string explanation_sentence(const Explanation& e) {
  const JudgedEngine& guilty = guilty_engine(e);
  if (e.blame == Blame::unknown) return e.why_unknown + ".";
  if (e.blame == Blame::neither) {
    return fmt::format("every operation of both engines is within its rounding bound{}",
                       e.identical ? ", and the logits are bit for bit the same."
                                   : ": they round differently, and neither is wrong.");
  }
  if (!guilty.first_beyond) {
    return fmt::format("its logits are those of the mistake {}: {}.", e.causes.front().mistake,
                       e.causes.front().what);
  }
  return fmt::format(
      "the first operation that is off is {}{}.", guilty.operations[*guilty.first_beyond].tensor,
      e.causes.empty() ? ", and no known mistake makes it so"
                       : ", as the mistake " + e.causes.front().mistake + " makes it");
}

std::string explanation_text(const Explanation& e, const TextOptions& options) {
  const Layout& layout = options.layout;
  std::string text = engine_lines("candidate", e.candidate, e.limit, options) +
                     engine_lines("reference", e.reference, e.limit, options) +
                     layout.labelled("model", printable(e.model.substr(e.model.rfind('/') + 1)));
  text += "\n" +
          layout.labelled("logits", fmt::format("of position {}, relative L2: candidate {:.2e} "
                                                "and reference {:.2e} from the oracle, {:.2e} "
                                                "from each other",
                                                e.positions - 1, e.candidate.distance_to_oracle,
                                                e.reference.distance_to_oracle, e.distance)) +
          routing_lines(e, layout);
  const bool of_reference = e.blame == Blame::reference;
  const JudgedEngine& guilty = guilty_engine(e);
  if (guilty.first_beyond) {
    text += "\n" + table_around(e, *guilty.first_beyond, layout) +
            layout.tinted(Tint::dim,
                          fmt::format("units of an operation's rounding bound, from the engine's "
                                      "own inputs; beyond {:g} it is wrong\n",
                                      e.limit)) +
            "\n" + heat_strip(guilty, e.limit, layout);
    if (e.candidate.first_beyond) text += guilt("candidate", e.candidate, e, layout);
    if (e.reference.first_beyond) text += guilt("reference", e.reference, e, layout);
    text += cause_lines(e, layout);
    text += proof_lines(e, of_reference ? "reference" : "candidate", guilty, layout);
  }
  return text + "\n" +
         layout.paragraph(std::string(blame_word(e.blame)) + ": " + explanation_sentence(e));
}

}  // namespace crossval
