#include <fmt/format.h>

#include "base/count_text.h"
#include "report/text/comparison/parts.h"
#include "report/text/model_difference.h"
#include "report/text/printable.h"
#include "report/text/prompt.h"

namespace crossval {
namespace {

constexpr size_t kExcerptBytes = 400;  // more than any line shows

void append(std::string& list, const std::string& item) {
  if (!item.empty()) list += (list.empty() ? "" : ", ") + item;
}

std::string settings_line(const EngineSettings& settings) {
  std::string text;
  if (settings.kv_type_k != settings.kv_type_v) {
    append(text, fmt::format("KV {} keys, {} values", settings.kv_type_k, settings.kv_type_v));
  } else if (!settings.kv_type_k.empty()) {
    append(text, "KV " + settings.kv_type_k);
  }
  if (!settings.flash_attention.empty())
    append(text, "flash attention " + settings.flash_attention);
  if (settings.threads != 0) append(text, counted(settings.threads, "thread"));
  if (settings.n_batch != 0) append(text, fmt::format("batch {}", settings.n_batch));
  if (settings.n_ubatch != 0 && settings.n_ubatch != settings.n_batch)
    append(text, fmt::format("micro-batch {}", settings.n_ubatch));
  append(text, fmt::format("context {}", settings.n_ctx));
  append(text, settings.device);
  if (settings.rows == kTopRows) append(text, "most likely tokens alone");
  if (settings.rows == kHashedRows) append(text, "hashes of rows alone");
  return text;
}

std::string faults_line(const EngineIdentity& identity) {
  std::string text;
  for (const std::string& fault : identity.faults) append(text, fault);
  return text.empty() ? text : "planted fault: " + text;
}

// A file's name is enough to recognise it.
std::string shown_path(const std::string& path, bool verbose) {
  return escaped(verbose ? path : path.substr(path.rfind('/') + 1));
}

std::string engine_lines(const char* side, const EngineInfo& info, bool own_model,
                         const TextOptions& options) {
  const Layout& layout = options.layout;
  std::string lines = layout.labelled(side, name_line(info.identity), Tint::strong);
  if (!info.identity.isa.empty()) lines += layout.labelled("", escaped(info.identity.isa));
  lines += layout.labelled("", settings_line(info.settings));
  const std::string& weights = info.settings.weight_layout;
  if (!weights.empty() && weights != "as stored")
    lines += layout.labelled("", "weights rearranged: " + weights);
  if (const std::string faults = faults_line(info.identity); !faults.empty()) {
    lines += layout.labelled("", faults, Tint::warn);
  }
  if (own_model) {
    const std::string model =
        fitted_end(escaped(info.settings.model_path), layout.width - kLabelWidth);
    lines += layout.labelled("", model);
    lines += layout.labelled("", escaped(info.settings.model_description));
  }
  if (!info.settings.i2s_layout.empty()) {
    lines += layout.labelled("", fmt::format("I2_S layout {}, {}", info.settings.i2s_layout,
                                             info.settings.i2s_layout_why));
  }
  lines += tokenizer_line(info.settings, options);
  std::string environment;
  for (const std::string& variable : info.settings.environment) append(environment, variable);
  if (!environment.empty()) lines += layout.labelled("", "with " + escaped(environment));
  if (!options.verbose) return lines;
  const auto detail = [&](const char* name, const std::string& value) {
    if (!value.empty()) {
      lines += layout.labelled("", fmt::format("{}: {}", name, escaped(value)), Tint::dim);
    }
  };
  detail("build", info.identity.build);
  detail("libm", info.identity.libm);
  detail("activations", info.identity.activations);
  detail("activation function", info.identity.activation_function);
  detail("interface", info.identity.api);
  detail("RoPE", info.settings.rope);
  std::string buffers;
  for (const std::string& buffer : info.settings.weight_buffers) append(buffers, buffer);
  detail("weights in", buffers);
  return lines;
}

// One file for both.
std::string model_lines(const EngineSettings& settings, const TextOptions& options) {
  const Layout& layout = options.layout;
  const std::string& path = settings.model_path;
  return layout.labelled(
             "model", fitted_end(shown_path(path, options.verbose), layout.width - kLabelWidth)) +
         layout.labelled("", escaped(settings.model_description));
}

// What the two files are to each other. What they compute differently is among the settings.
std::string models_lines(const Comparison& comparison, const Layout& layout) {
  constexpr size_t kShownChanges = 8;
  constexpr size_t kShownKeys = 4;
  if (!comparison.model_difference) return layout.labelled("models", comparison.models.how);
  const FileDifference& difference = *comparison.model_difference;
  std::string text =
      layout.labelled("models", comparison.models.how + "; " + equal_tensors_text(difference));
  if (!difference.facts_unknown.empty()) {
    text += layout.labelled(
        "", "what is computed with them is not known: " + escaped(difference.facts_unknown));
  }
  if (!difference.metadata.empty())
    text += layout.labelled("keys", differing_keys_text(difference, kShownKeys));
  return text + tensor_changes_text(difference, {"candidate", "reference"}, kShownChanges, layout);
}

std::string prompt_lines(const Comparison& comparison, const TextOptions& options) {
  const Layout& layout = options.layout;
  const PromptRecord& prompt = comparison.prompt;
  std::string what = counted(std::ssize(comparison.tokens), "token");
  if (comparison.tokens.empty()) what = "not tokenised";
  if (comparison.mismatch && !comparison.gates_open) what = "tokenised differently";
  if (prompt.form != "raw") append(what, prompt.form);
  if (comparison.decode_steps > 0)
    append(what, "then " + counted(comparison.decode_steps, "decode step"));
  if (!prompt.text.empty() && !options.verbose) {
    const int room = layout.width - kLabelWidth - display_width(what) - 4;
    const std::string excerpt =
        fitted(escaped(std::string_view(prompt.text).substr(0, kExcerptBytes)), room);
    what += ": \"" + excerpt + "\"";
  }
  // The excerpt keeps its blanks: it is made to fit and must not be wrapped.
  std::string lines = layout.tinted(Tint::dim, "prompt");
  lines += std::string(kLabelWidth - 6, ' ') + what + "\n";
  if (const auto& own = comparison.candidate_prompt) {
    lines += layout.labelled(
        "", fmt::format("the candidate has its own: {}, {}", own->form, escaped(own->form_why)));
    if (options.verbose) lines += prompt_details(*own, layout);
  }
  if (!options.verbose) return lines;
  lines += prompt_details(prompt, layout);
  if (!comparison.mismatch) return lines + ids_line("ids", comparison.tokens, layout);
  return lines + ids_line("candidate", comparison.mismatch->candidate_ids, layout) +
         ids_line("reference", comparison.mismatch->reference_ids, layout);
}

}  // namespace

std::string name_line(const EngineIdentity& identity) {
  std::string text = identity.name;
  if (!identity.version.empty()) text += " " + identity.version;
  if (!identity.commit.empty()) append(text, "commit " + identity.commit);
  append(text, identity.profile);
  return text;
}

std::string tokenizer_line(const EngineSettings& settings, const TextOptions& options) {
  const std::string& path = settings.tokenizer_path;
  if (path.empty()) return {};
  return options.layout.labelled("", "tokenizer " + shown_path(path, options.verbose));
}

std::string header_text(const Comparison& comparison, const TextOptions& options) {
  const Layout& layout = options.layout;
  const bool two_models =
      comparison.candidate.settings.model_path != comparison.reference.settings.model_path;
  std::string text = engine_lines("candidate", comparison.candidate, two_models, options);
  text += engine_lines("reference", comparison.reference, two_models, options);
  if (two_models) text += models_lines(comparison, layout);
  if (!two_models) text += model_lines(comparison.candidate.settings, options);
  text += prompt_lines(comparison, options);
  for (const SettingDifference& setting : comparison.settings) {
    if (setting.weight != SettingWeight::asked) continue;
    text += layout.labelled(
        "asked for", fmt::format("{}: {} beside {} ({})", setting.name, escaped(setting.candidate),
                                 escaped(setting.reference), setting.effect));
  }
  if (comparison.mismatch && comparison.gates_open) {
    const bool candidates = comparison.on_token_mismatch == OnTokenMismatch::use_candidate;
    text += layout.labelled("asked for", fmt::format("the {}'s token ids for both engines",
                                                     candidates ? "candidate" : "reference"));
  }
  for (const Warning& warning : comparison.warnings) {
    text += layout.labelled("warning", warning.name + ": " + escaped(warning.message), Tint::warn);
  }
  return text;
}

}  // namespace crossval
