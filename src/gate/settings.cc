#include "gate/settings.h"

#include <fmt/format.h>

#include <algorithm>

namespace crossval {
namespace {

constexpr const char* kNotStated = "not stated";

bool contains(const std::vector<std::string>& names, const std::string& name) {
  return std::ranges::find(names, name) != names.end();
}

std::string kv_type(const EngineSettings& settings) {
  return settings.kv_type_k == settings.kv_type_v
             ? settings.kv_type_k
             : fmt::format("{} keys, {} values", settings.kv_type_k, settings.kv_type_v);
}

// Engines hold eps as a float, whatever they print it from.
std::string eps_text(const EngineSettings& settings) {
  return settings.norm_eps == 0 ? "" : fmt::format("{}", static_cast<float>(settings.norm_eps));
}

std::string number(int32_t value) { return fmt::format("{}", value); }

std::string stated(int32_t value) { return value == 0 ? "" : number(value); }

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

  // Changes the numbers.
  void numeric(const std::string& name, const std::string& a, const std::string& b,
               const std::string& effect, bool by_fault = false) {
    const bool excused = by_fault || contains(asked_, name);
    add(name, a, b, excused ? SettingWeight::asked : SettingWeight::refused, effect);
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
  // A planted fault was asked for on the command line.
  const bool fault = !candidate.identity.faults.empty() || !reference.identity.faults.empty();
  Differences found(candidate, reference, asked);
  if (c.n_vocab != r.n_vocab) {
    found.never("vocabulary", number(c.n_vocab), number(r.n_vocab),
                "logits rows of different width have no common meaning");
  } else {
    found.equal("vocabulary", number(c.n_vocab));
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
    found.numeric("i2s-layout", c.i2s_layout, r.i2s_layout,
                  "one of the two reads the file's weights at the wrong places");
  }
  found.numeric("kv-type", kv_type(c), kv_type(r), "keys and values are rounded differently");
  found.numeric("flash-attention", c.flash_attention, r.flash_attention,
                "attention sums in another order and precision");
  found.numeric("weight-layout", c.weight_layout, r.weight_layout,
                "other kernels multiply with rearranged weights");
  for (const ModelFactPair& fact : models.facts) {
    if (!is_stated(fact.name, c, r)) found.fact(fact.name, fact.a, fact.b, fact.effect);
  }
  found.numeric("rope", c.rope, r.rope, "positions are rotated by other angles", fault);
  found.numeric("norm-eps", eps_text(c), eps_text(r), "norms divide by something else", fault);
  found.numeric("context-class", c.context_class, r.context_class,
                "the model uses other RoPE factors for long contexts");
  found.warn("activation", candidate.identity.activation_function,
             reference.identity.activation_function,
             "the feed-forward networks are two different functions");
  found.harmless("threads", number(c.threads), number(r.threads));
  found.harmless("batch", number(c.n_batch), number(r.n_batch));
  found.harmless("micro-batch", number(c.n_ubatch), number(r.n_ubatch));
  found.harmless("context", number(c.n_ctx), number(r.n_ctx));
  found.harmless("trained-context", stated(c.n_ctx_train), stated(r.n_ctx_train));
  found.warn("device", c.device, r.device,
             "another device computes in another order and precision");
  found.provenance("isa", candidate.identity.isa, reference.identity.isa);
  found.provenance("build", candidate.identity.build, reference.identity.build);
  found.provenance("libm", candidate.identity.libm, reference.identity.libm);
  return found.take();
}

bool is_refused(const std::vector<SettingDifference>& differences) {
  return std::ranges::any_of(differences, [](const SettingDifference& difference) {
    return difference.weight == SettingWeight::refused;
  });
}

}  // namespace crossval
