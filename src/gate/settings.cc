#include "gate/settings.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "engine/info_fields.h"

namespace crossval {
namespace {

constexpr const char* kNotStated = "not stated";

bool contains(const std::vector<std::string>& names, const std::string& name) {
  return std::ranges::find(names, name) != names.end();
}

// What is 0 was not stated.
std::string text_of(const std::string& text) { return text; }
std::string text_of(int32_t value) { return value == 0 ? "" : fmt::format("{}", value); }
// Engines hold eps as a float, whatever they print it from.
std::string text_of(double value) {
  return value == 0 ? "" : fmt::format("{}", static_cast<float>(value));
}
std::string text_of(bool) { return {}; }
std::string text_of(const std::vector<std::string>&) { return {}; }

// One field of what both engines say.
struct FieldPair {
  GateUse use = GateUse::nothing;
  std::string candidate, reference;
};

FieldPair find_field(std::string_view name, const EngineInfo& c, const EngineInfo& r) {
  FieldPair found;
  const auto look_in = [&](const auto& fields, const auto& candidate, const auto& reference) {
    for_each_field(fields, [&](const auto& field) {
      if (field.name != name) return;
      found = {field.gate, text_of(candidate.*field.member), text_of(reference.*field.member)};
    });
  };
  look_in(kSettingsFields, c.settings, r.settings);
  look_in(kIdentityFields, c.identity, r.identity);
  return found;
}

// A setting as it is shown, the field that it is, and what a difference in it does to the numbers.
struct Rule {
  const char* setting;
  const char* field;
  const char* effect = "";
  const char* values_field = nullptr;  // where keys and values may differ
  bool bent_by_faults = false;         // a planted fault, which was asked for, may have done it
  bool to_be_stated = false;           // who does not say may differ as much as who says so
};

constexpr Rule kSameFile = {"i2s-layout", "i2s_layout",
                            "one of the two reads the file's weights at the wrong places"};

constexpr Rule kHowItRuns[] = {
    {"kv-type", "kv_type_k", "keys and values are rounded differently", "kv_type_v", false, true},
    {"flash-attention", "flash_attention", "attention sums in another order and precision"},
    {"weight-layout", "weight_layout", "other kernels multiply with rearranged weights"},
};

constexpr Rule kTheRest[] = {
    {"rope", "rope", "positions are rotated by other angles", nullptr, true},
    {"norm-eps", "norm_eps", "norms divide by something else", nullptr, true},
    {"context-class", "context_class", "the model uses other RoPE factors for long contexts"},
    {"activation", "activation_function", "the feed-forward networks are two different functions"},
    {"threads", "threads"},
    {"batch", "n_batch"},
    {"micro-batch", "n_ubatch"},
    {"context", "n_ctx"},
    {"trained-context", "n_ctx_train"},
    {"device", "device", "another device computes in another order and precision"},
    {"isa", "isa"},
    {"build", "build"},
    {"libm", "libm"},
};

/// Whether both engines state it themselves, overrides included.
bool is_stated(const std::string& fact, const EngineSettings& c, const EngineSettings& r) {
  if (fact == "rope-base" || fact == "rope-scale") return !c.rope.empty() && !r.rope.empty();
  if (fact == "norm-eps") return c.norm_eps != 0 && r.norm_eps != 0;
  return false;
}

class Differences {
 public:
  Differences(const EngineInfo& candidate, const EngineInfo& reference,
              const std::vector<std::string>& asked)
      : candidate_(candidate), reference_(reference), asked_(asked) {}

  // No comparison is possible.
  void never(const std::string& name, const std::string& a, const std::string& b,
             const std::string& effect) {
    found_.differing.push_back({name, a, b, SettingWeight::refused, effect});
  }

  void compare(const Rule& rule) {
    FieldPair field = find_field(rule.field, candidate_, reference_);
    if (rule.values_field != nullptr) {
      const FieldPair values = find_field(rule.values_field, candidate_, reference_);
      const auto join = [](std::string& key, const std::string& value) {
        if (key != value) key = fmt::format("{} keys, {} values", key, value);
      };
      join(field.candidate, values.candidate);
      join(field.reference, values.reference);
    }
    const auto& [use, a, b] = field;
    switch (use) {
      case GateUse::decides:
        if (rule.to_be_stated && a.empty() != b.empty()) return unstated(rule.setting, a, b);
        return numeric(rule.setting, a, b, rule.effect, rule.bent_by_faults && has_faults());
      case GateUse::warns:
        return warn(rule.setting, a, b, rule.effect);
      case GateUse::harmless:
        return harmless(rule.setting, a, b);
      case GateUse::provenance:
        return provenance(rule.setting, a, b);
      case GateUse::prevents:
      case GateUse::nothing:
        return;
    }
  }

  // Changes the numbers.
  void numeric(const std::string& name, const std::string& a, const std::string& b,
               const std::string& effect, bool by_fault = false) {
    const bool excused = by_fault || contains(asked_, name);
    add(name, a, b, excused ? SettingWeight::asked : SettingWeight::refused, effect);
  }

  // Changes the numbers where it differs, and one engine keeps it to itself.
  void unstated(const std::string& name, const std::string& a, const std::string& b) {
    found_.differing.push_back(
        {name, a.empty() ? kNotStated : a, b.empty() ? kNotStated : b,
         contains(asked_, name) ? SettingWeight::asked : SettingWeight::refused,
         "an engine that does not say what it keeps may keep something else"});
  }

  // What the models compute: asked for with them.
  void fact(const std::string& name, const std::string& a, const std::string& b,
            const std::string& effect) {
    add(name, a, b, contains(asked_, "model") ? SettingWeight::asked : SettingWeight::refused,
        effect);
  }

  // Must change no number, and does not unless an engine says so.
  void harmless(const std::string& name, const std::string& a, const std::string& b) {
    const bool variant = contains(candidate_.settings.not_invariant_to, name) ||
                         contains(reference_.settings.not_invariant_to, name);
    add(name, a, b, variant ? SettingWeight::warned : SettingWeight::recorded,
        variant ? "an engine here is known to change its numbers with it" : "changes no number");
  }

  // What computed it, and from what code: without effect where the arithmetic is defined.
  void provenance(const std::string& name, const std::string& a, const std::string& b) {
    const bool defined = candidate_.settings.not_invariant_to.empty() &&
                         reference_.settings.not_invariant_to.empty();
    add(name, a, b, SettingWeight::recorded,
        defined ? "changes no number"
                : "may change the last bits: an engine here has no canonical arithmetic");
  }

  // Changes the numbers, but to find that out is what the run is for.
  void warn(const std::string& name, const std::string& a, const std::string& b,
            const std::string& effect) {
    add(name, a, b, contains(asked_, name) ? SettingWeight::asked : SettingWeight::warned, effect);
  }

  void equal(const std::string& name, const std::string& value) {
    found_.equal.push_back({name, value});
  }

  ComparedSettings take() { return std::move(found_); }

 private:
  bool has_faults() const {
    return !candidate_.identity.faults.empty() || !reference_.identity.faults.empty();
  }

  void add(const std::string& name, const std::string& a, const std::string& b,
           SettingWeight weight, const std::string& effect) {
    if (a == b) {
      if (!a.empty()) equal(name, a);
    } else if (a.empty() || b.empty()) {
      found_.differing.push_back({name, a.empty() ? kNotStated : a, b.empty() ? kNotStated : b,
                                  SettingWeight::recorded, "cannot be compared"});
    } else {
      found_.differing.push_back({name, a, b, weight, effect});
    }
  }

  const EngineInfo& candidate_;
  const EngineInfo& reference_;
  const std::vector<std::string>& asked_;
  ComparedSettings found_;
};

}  // namespace

ComparedSettings compare_settings(const EngineInfo& candidate, const EngineInfo& reference,
                                  const std::vector<std::string>& asked, const ModelFiles& models) {
  const EngineSettings& c = candidate.settings;
  const EngineSettings& r = reference.settings;
  Differences found(candidate, reference, asked);
  if (c.n_vocab != r.n_vocab) {
    found.never("vocabulary", text_of(c.n_vocab), text_of(r.n_vocab),
                "logits rows of different width have no common meaning");
  } else {
    found.equal("vocabulary", text_of(c.n_vocab));
  }
  if (!c.all_logits || !r.all_logits) {
    found.never("all-logits", c.all_logits ? "every position" : "not every position",
                r.all_logits ? "every position" : "not every position",
                "positions without logits cannot be compared");
  } else {
    found.equal("all-logits", "every position");
  }
  if (!models.same && models.other_numbers) {
    found.numeric("model", c.model_path, r.model_path, models.effect);
  } else if (!models.same) {
    found.harmless("model", c.model_path, r.model_path);
  } else {
    found.equal("model", c.model_path);
    found.compare(kSameFile);
  }
  for (const Rule& rule : kHowItRuns) found.compare(rule);
  for (const ModelFactPair& fact : models.facts) {
    if (!is_stated(fact.name, c, r)) found.fact(fact.name, fact.a, fact.b, fact.effect);
  }
  for (const Rule& rule : kTheRest) found.compare(rule);
  return found.take();
}

bool is_refused(const std::vector<SettingDifference>& differences) {
  return std::ranges::any_of(differences, [](const SettingDifference& difference) {
    return difference.weight == SettingWeight::refused;
  });
}

}  // namespace crossval
