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
#include "launch/model_files.h"
#include "launch/reference/program.h"
#include "report/json/recording.h"
#include "report/text/recording.h"
#include "rowfiles/kl_base_chunks.h"
#include "session/record.h"
#include "session/record_kl_base.h"

namespace crossval {
namespace {

// The names of a list "l_out,Qcur-0": one without a layer is of every layer.
class TensorNames {
 public:
  explicit TensorNames(const std::string& list) {
    for (size_t begin = 0; begin <= list.size();) {
      const size_t end = std::min(list.find(',', begin), list.size());
      if (end > begin) names_.insert(list.substr(begin, end - begin));
      begin = end + 1;
    }
  }

  bool contains(const TraceTensor& tensor) const {
    if (names_.contains("all") || names_.contains(tensor.name)) return true;
    return tensor.layer >= 0 && names_.contains(tensor.name.substr(0, tensor.name.rfind('-')));
  }

 private:
  std::set<std::string> names_;
};

class RecordCommand : public Command {
 public:
  void add_options(AppOptions& app) override {
    add_prompt_options(app, prompt_);
    add_single_engine_options(app, engine_);
    add_running_options(app, engine_.defaults);
    const auto add = [&](const char* names, auto& value, const char* help, const char* type) {
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
        "decode steps after the prompt, the engine's greedy choices (default 4)", "N")
        ->check(whole_number(0, 1 << 20));
    add("--top-k", top_k_,
        "only the K most likely tokens of a position and the probability of all others (default: "
        "every logit)",
        "K")
        ->check(whole_number(1, 1 << 20));
    app.add_flag("--hashes", hashes_,
                 "only a hash of each row and tensor: enough to find the first difference")
        ->group("Recording");
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
    const bool as_kl_base = as_ == "kld";
    if (as_kl_base && (max_tokens_ || top_k_ > 0 || hashes_ || !tensors_.empty())) {
      return fail(ExitCode::usage, "--as kld writes the rows of a prompt in one form alone", {},
                  "Leave out --max-tokens, --top-k, --hashes and --tensors.");
    }
    if (!chunks_of_.empty()) {
      if (auto ok = take_chunks(as_kl_base); !ok) return tl::unexpected(ok.error());
    }
    const auto recording = as_kl_base ? write_kl_base(console) : write_recording(console);
    if (!recording) return tl::unexpected(recording.error());
    const TextOptions options = text_options(console);
    write_output(console, console.format == OutputFormat::json
                              ? recording_json(*recording)
                              : recording_text(*recording, options));
    return ExitCode::ok;
  }

 private:
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
                    .max_tokens = static_cast<int32_t>(max_tokens_.value_or(4)),
                    .rows = hashes_      ? RowContent::hashes
                            : top_k_ > 0 ? RowContent::top
                                         : RowContent::logits,
                    .top_tokens = top_k_,
                    .tensors = tensors_,
                    .wants_tensor = {}};
    if (!tensors_.empty()) {
      plan.wants_tensor = [names = TensorNames(tensors_)](const TraceTensor& tensor) {
        return names.contains(tensor);
      };
    }
    return record(plan, *engine, progress, stop);
  }

  Result<void> take_chunks(bool as_kl_base) {
    if (!as_kl_base || engine_.defaults.context) {
      return fail(ExitCode::usage, "--chunks-of says what --as kld writes, and how long a chunk is",
                  {}, "Give --as kld, and leave out -c.");
    }
    const auto chunks = read_kl_base_chunks(with_home(chunks_of_));
    if (!chunks) return tl::unexpected(chunks.error());
    prompt_.request.token_ids = fmt::format("{}", fmt::join(chunks->ids, ","));
    engine_.defaults.context = chunks->n_ctx;
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
  std::string as_, chunks_of_;
  std::optional<int64_t> max_tokens_{};
  int32_t top_k_ = 0;  // 0: every logit
  bool hashes_ = false;
  std::string tensors_;
};

}  // namespace

std::unique_ptr<Command> make_record_command() { return std::make_unique<RecordCommand>(); }

}  // namespace crossval
