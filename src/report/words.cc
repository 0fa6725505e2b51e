#include "report/words.h"

namespace crossval {

const char* status_word(Verdict verdict) {
  switch (verdict) {
    case Verdict::tokens_differ:
      return "tokens-differ";
    case Verdict::settings_differ:
      return "settings-differ";
    case Verdict::unhealthy:
      return "unhealthy";
    case Verdict::diverged:
      return "diverged";
    case Verdict::drift:
    case Verdict::match:
    case Verdict::identical:
      return "ok";
  }
  return "";
}

const char* flip_word(FlipReason reason) {
  switch (reason) {
    case FlipReason::tie:
      return "tie";
    case FlipReason::inputs:
      return "inputs";
    case FlipReason::candidate_router:
      return "candidate-router";
    case FlipReason::reference_router:
      return "reference-router";
    case FlipReason::both_routers:
      return "both-routers";
  }
  return "";
}

const char* blame_word(Blame blame) {
  switch (blame) {
    case Blame::neither:
      return "BOTH-FINE";
    case Blame::candidate:
      return "CANDIDATE-WRONG";
    case Blame::reference:
      return "REFERENCE-WRONG";
    case Blame::both:
      return "BOTH-WRONG";
    case Blame::unknown:
      return "CANNOT-TELL";
  }
  return "";
}

const char* status_word(Blame blame) {
  if (blame == Blame::neither) return "ok";
  return blame == Blame::unknown ? "cannot-tell" : "diverged";
}

const char* verdict_word(const ImatrixComparison& comparison) {
  if (comparison.diverged()) return "DIVERGED";
  return comparison.identical() ? "IDENTICAL" : "MATCH";
}

const char* requirement_word(Requirement requirement) {
  switch (requirement) {
    case Requirement::cosine:
      return "cos";
    case Requirement::bits:
      return "bits";
    case Requirement::log_probabilities:
      return "log-probabilities";
    case Requirement::floor:
      return "floor";
  }
  return "";
}

const char* rows_word(RowContent rows) {
  switch (rows) {
    case RowContent::logits:
      return "logits";
    case RowContent::top:
      return "top";
    case RowContent::hashes:
      return "hashes";
  }
  return "";
}

const char* paired_word(PairedWord word) {
  switch (word) {
    case PairedWord::not_enough:
      return "not-enough-positions";
    case PairedWord::as_floor:
      return "as-the-floor";
    case PairedWord::larger:
      return "larger-than-the-floor";
  }
  return "";
}

const char* mismatch_word(OnTokenMismatch policy) {
  switch (policy) {
    case OnTokenMismatch::stop:
      return "stop";
    case OnTokenMismatch::use_reference:
      return "use-reference";
    case OnTokenMismatch::use_candidate:
      return "use-candidate";
  }
  return "";
}

const char* matched_word(MatchedBy by) {
  switch (by) {
    case MatchedBy::name:
      return "name";
    case MatchedBy::file:
      return "file";
    case MatchedBy::values:
      return "values";
    case MatchedBy::reordered:
      return "reordered";
  }
  return "";
}

const char* weight_word(SettingWeight weight) {
  switch (weight) {
    case SettingWeight::recorded:
      return "recorded";
    case SettingWeight::warned:
      return "warned";
    case SettingWeight::asked:
      return "asked";
    case SettingWeight::refused:
      return "refused";
  }
  return "";
}

const char* state_word(CheckState state) {
  switch (state) {
    case CheckState::ok:
      return "ok";
    case CheckState::warning:
      return "warning";
    case CheckState::problem:
      return "problem";
  }
  return "";
}

const char* keeping_word(Keeping keeping) {
  switch (keeping) {
    case Keeping::kept:
      return "kept";
    case Keeping::broken:
      return "broken";
    case Keeping::not_checked:
      return "not-checked";
  }
  return "";
}

const char* change_word(LimitChange change) {
  switch (change) {
    case LimitChange::added:
      return "added";
    case LimitChange::lowered:
      return "lowered";
    case LimitChange::grown:
      return "grown";
    case LimitChange::removed:
      return "removed";
  }
  return "";
}

const char* change_word(RunChange change) {
  switch (change) {
    case RunChange::fails:
      return "fails";
    case RunChange::worse:
      return "worse";
    case RunChange::mixed:
      return "mixed";
    case RunChange::better:
      return "better";
    case RunChange::passes:
      return "passes";
    case RunChange::gone:
      return "gone";
    case RunChange::added:
      return "added";
  }
  return "";
}

}  // namespace crossval
