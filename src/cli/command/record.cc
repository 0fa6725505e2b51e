#include "cli/command/record.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <optional>
#include <set>

#include "base/environment.h"
#include "cli/launching.h"
#include "cli/options/app_options.h"
#include "cli/options/checks.h"
#include "cli/options/engine_options.h"
#include "cli/options/prompt_options.h"
#include "cli/progress.h"
#include "launch/kinds/kinds.h"
#include "launch/model_files.h"
#include "launch/reference/program.h"
#include "launch/run_file.h"
#include "report/json/recording.h"
#include "report/text/recording.h"
#include "results/comparison_defaults.h"
#include "rowfiles/kl_base_chunks.h"
#include "session/record.h"
#include "session/record_kl_base.h"

namespace crossval {
namespace {

class RecordCommand : public Command {
 public:
  RecordCommand() { engine_.engine.clear(); }  // what --like says, or native

  void add_options(AppOptions& app) override {
    add_prompt_options(app, prompt_);
    add_single_engine_options(app, engine_);
    add_running_options(app, engine_.defaults);
    const auto add = [&](const char* names, auto& value, const std::string& help,
                         const char* type) {
      return app.add_option(names, value, help)->group("Recording")->type_name(type);
    };
    add("-o,--output", output_, "the file to write", "FILE");
    add("--as", as_,
        "recording (default), or kld: what llama-perplexity --kl-divergence reads, of a long "
        "prompt in chunks of -c positions (default 512)",
        "FORM")
        ->check(one_of({"recording", "kld"}));
    add("--chunks-of", chunks_of_,
        "with --as kld: the tokens and chunks of that base of llama-perplexity's, in place of a "
        "prompt",
        "FILE.kld");
    add("--max-tokens", max_tokens_,
        fmt::format("decode steps after the prompt, the engine's greedy choices (default {})",
                    kDecodeSteps),
        "N")
        ->check(whole_number(0, 1 << 20));
    add("--top-k", top_k_,
        "only the K most likely tokens of a position and the probability of all others (default: "
        "every logit)",
        "K")
        ->check(whole_number(1, 1 << 20));
    app.add_flag("--hashes", hashes_,
                 "only a hash of each row and tensor: enough to find the first difference")
        ->group("Recording");
    add("--like", like_,
        "the same run as in that recording: its prompt, decode steps, form of rows, tensors and, "
        "where they are not given, engine, type of keys and values, context and batch",
        "FILE.xval");
    add("--tensors", tensors_,
        "also the engine's tensors: all, or names with or without a layer, l_out,Qcur-0 "
        "(docs/tensor-names.md)",
        "NAMES");
  }

  Result<ExitCode> run(Console& console) override {
    if (output_.empty()) {
      return fail(ExitCode::usage, "no file to write the recording to", {},
                  "Give one with -o FILE.xval.");
    }
    if (top_k_ > 0 && hashes_) {
      return fail(ExitCode::usage, "--top-k and --hashes are two forms of a row", {},
                  "Give one of them.");
    }
    if (!like_.empty()) {
      if (auto ok = take_recorded(); !ok) return tl::unexpected(ok.error());
    }
    if (engine_.engine.empty()) engine_.engine = "native";
    if (as_kl_base() && (max_tokens_ || top_k_ > 0 || hashes_ || !tensors_.empty())) {
      return fail(ExitCode::usage, "--as kld writes the rows of a prompt in one form alone", {},
                  "Leave out --max-tokens, --top-k, --hashes and --tensors.");
    }
    if (!chunks_of_.empty()) {
      if (auto ok = take_chunks(); !ok) return tl::unexpected(ok.error());
    }
    const auto recording = as_kl_base() ? write_kl_base(console) : write_recording(console);
    if (!recording) return tl::unexpected(recording.error());
    const TextOptions options = text_options(console);
    write_output(console, console.format == OutputFormat::json
                              ? recording_json(*recording)
                              : recording_text(*recording, options));
    return ExitCode::ok;
  }

 private:
  bool as_kl_base() const { return as_ == "kld"; }

  // What the file decides, and so nobody else.
  Result<void> take_recorded() {
    const PromptRequest& asked = prompt_.request;
    if (as_kl_base() || max_tokens_ || top_k_ > 0 || hashes_ || !tensors_.empty() || asked.text ||
        asked.file || asked.messages || asked.messages_file || asked.token_ids) {
      return fail(ExitCode::usage, "--like says which prompt, how many steps and which form", {},
                  "Leave out the prompt, --max-tokens, --top-k, --hashes, --tensors and --as.");
    }
    auto recorded = open_run_file(with_home(like_));
    if (!recorded) return tl::unexpected(recorded.error());
    if (!(*recorded)->has_recorded_prompt())
      return fail(ExitCode::bad_input_file, "this is no recording", with_home(like_));
    const ReplayEngine& run = **recorded;
    const auto prompt = static_cast<size_t>(run.prompt_positions());
    if (prompt == 0 || run.ids().size() < prompt) {
      return fail(ExitCode::bad_input_file, "the recording ends within its prompt",
                  with_home(like_), "Record it again.");
    }
    const EngineSettings& settings = run.info().settings;
    const RecordingFacts& facts = run.facts();
    prompt_.request.token_ids = fmt::format("{}", fmt::join(run.ids().first(prompt), ","));
    max_tokens_ = std::ssize(run.ids()) - static_cast<int64_t>(prompt);
    top_k_ = facts.top_tokens;
    hashes_ = rows_of(settings) == RowContent::hashes;
    tensors_ = facts.tensors;
    if (engine_.engine.empty()) engine_.engine = run.info().identity.name;
    EngineDefaults& defaults = engine_.defaults;
    if (defaults.model.empty()) defaults.model = settings.model_path;
    if (!defaults.context) defaults.context = settings.n_ctx;
    if (!defaults.batch && settings.n_batch > 0) defaults.batch = settings.n_batch;
    if (defaults.kv.empty() && settings.kv_type_k == settings.kv_type_v && takes_kv())
      defaults.kv = settings.kv_type_k;
    recorded_ = *std::move(recorded);
    return {};
  }

  // Whether the engine keeps keys and values in a type that can be chosen.
  bool takes_kv() const {
    const EngineKind* kind = find_engine_kind(engine_.engine.substr(0, engine_.engine.find(':')));
    return kind != nullptr && std::ranges::find(kind->keys, "kv") != kind->keys.end();
  }

  Result<Recording> write_recording(const Console& console) {
    Progress progress(console);
    auto opened = open_engine(engine_, prompt_, console);
    if (!opened) return tl::unexpected(opened.error());
    auto& [engine, prompt, spec] = opened->prompted;
    const std::stop_token stop = opened->interruption->token();
    auto model = model_parts(engine->info().settings.model_path, {}, cache_folder(), stop);
    if (!model) return tl::unexpected(model.error());
    RecordPlan plan{.prompt = std::move(prompt),
                    .asked_differences = asked_differences(spec),
                    .model = *std::move(model),
                    .path = with_home(output_),
                    .max_tokens = static_cast<int32_t>(max_tokens_.value_or(kDecodeSteps)),
                    .rows = hashes_      ? RowContent::hashes
                            : top_k_ > 0 ? RowContent::top
                                         : RowContent::logits,
                    .top_tokens = top_k_,
                    .tensors = TensorNames(tensors_)};
    if (recorded_) {
      EngineSpec kind;  // what it changes whatever its keys are
      kind.name = spec.name;
      const bool has_text = !recorded_->facts().prompt.text.empty();
      if (has_text && engine->info().capabilities.tokenize) plan.prompt = recorded_->facts().prompt;
      // Keys of the recorded engine stand in the defaults now.
      std::set<std::string> asked(plan.asked_differences.begin(), plan.asked_differences.end());
      const auto& recorded = recorded_->facts().asked_differences;
      asked.insert(recorded.begin(), recorded.end());
      plan.asked_differences.assign(asked.begin(), asked.end());
      plan.like = {recorded_.get(), compare_recorded(plan.model, recorded_->facts().model),
                   asked_differences(kind)};
    }
    return record(plan, *engine, progress, stop);
  }

  Result<void> take_chunks() {
    if (!as_kl_base() || engine_.defaults.context) {
      return fail(ExitCode::usage, "--chunks-of says what --as kld writes, and how long a chunk is",
                  {}, "Give --as kld, and leave out -c.");
    }
    const auto chunks = read_prompt_chunks(with_home(chunks_of_));
    if (!chunks) return tl::unexpected(chunks.error());
    if (!*chunks || !(*chunks)->bos_in_place) {
      return fail(ExitCode::bad_input_file, "this is no base of llama-perplexity",
                  with_home(chunks_of_));
    }
    prompt_.request.token_ids = fmt::format("{}", fmt::join((*chunks)->ids, ","));
    engine_.defaults.context = (*chunks)->length;
    return {};
  }

  Result<Recording> write_kl_base(const Console& console) {
    Progress progress(console);
    auto opened = open_engine(engine_, prompt_, console);
    if (!opened) return tl::unexpected(opened.error());
    KlBasePlan plan{.prompt = std::move(opened->prompted.prompt), .path = with_home(output_)};
    if (const auto asked = engine_.defaults.context) plan.chunk = static_cast<int32_t>(*asked);
    return record_kl_base(plan, *opened->prompted.engine, progress, opened->interruption->token());
  }

  PromptOptions prompt_;
  EngineChoice engine_;
  std::string output_;
  std::string as_, chunks_of_, like_;
  std::unique_ptr<ReplayEngine> recorded_;  // of --like
  std::optional<int64_t> max_tokens_{};
  int32_t top_k_ = 0;  // 0: every logit
  bool hashes_ = false;
  std::string tensors_;
};

}  // namespace

std::unique_ptr<Command> make_record_command() { return std::make_unique<RecordCommand>(); }

}  // namespace crossval
