#include "cli/command/synth.h"

#include <fmt/format.h>

#include <string>
#include <vector>

#include "cli/interrupt.h"
#include "cli/options/app_options.h"
#include "cli/options/checks.h"
#include "synth/synth.h"

namespace crossval {
namespace {

class SynthCommand : public Command {
 public:
  void add_options(AppOptions& app) override {
    const auto add = [&](const char* names, auto& value, const char* help, const char* type) {
      return app.add_option(names, value, help)->type_name(type);
    };
    const auto size = [&](const char* name, int64_t& value, const char* help, int64_t low) {
      return add(name, value, help, "N")->check(whole_number(low, kLargestSize));
    };
    add("-o,--output", options_.path, "the model file to write", "FILE.gguf")->required();
    add("--arch", options_.architecture, "architecture", "ARCH")->show_default();
    add("--types", types_, "weight types of the matrices, in turn: Q4_K or F16,Q8_0", "TYPES")
        ->delimiter(',')
        ->required();
    size("--layers", options_.layers, "layers", 1)->show_default();
    size("--embd", options_.embd, "width of the residual stream", 1)->show_default();
    size("--heads", options_.heads, "query heads", 1)->show_default();
    size("--kv-heads", options_.kv_heads,
         "key/value heads (default: half of the heads where they can be grouped)", 1);
    size("--head-dim", options_.head_dim, "width of a head (default: embd / heads)", 1);
    size("--rope-dim", options_.rope_dim, "of it, what RoPE rotates (default: all)", 1);
    size("--ff", options_.ff, "width of the feed-forward network, and of an expert", 1)
        ->show_default();
    size("--experts", options_.experts, "experts (default: 4 where they are needed)", 0);
    size("--experts-used", options_.experts_used, "experts of a position (default 2)", 1);
    size("--window", options_.window,
         "positions seen in every other layer (default 512 where there are windows)", 1);
    size("--context", options_.context, "context that the model names", 1)->show_default();
    app.add_flag("--extras", options_.extras, "optional parts of the architecture, by the seed");
    add("--i2s-layout", i2s_layout_, "of I2_S weights: x86, arm, x86-rows", "LAYOUT")
        ->check(one_of({"x86", "arm", "x86-rows"}))
        ->show_default();
    add("--seed", options_.seed, "the same seed gives the same bytes", "N")
        ->check(seed_number())
        ->show_default();
    add("--vocab", options_.vocabulary_path,
        "a GGUF file whose vocabulary is taken (default: a small one)", "FILE.gguf");
  }

  bool writes_json() const override { return false; }

  Result<ExitCode> run(Console& /*console*/) override {
    for (const std::string& name : types_) {
      const WeightFormat* format = find_weight_format(name);
      if (format == nullptr) {
        std::string known;
        for (const WeightFormat& f : weight_formats())
          known += fmt::format("{}{}", known.empty() ? "" : ", ", f.name);
        return fail(ExitCode::usage, fmt::format("unknown weight type \"{}\"", name),
                    "option --types", fmt::format("Known: {}.", known));
      }
      options_.types.push_back(format);
    }
    options_.i2s_layout = *find_i2s_layout(i2s_layout_);
    const Interruption interruption;
    options_.stop = interruption.token();
    if (auto ok = synthesize(options_); !ok) return tl::unexpected(ok.error());
    return ExitCode::ok;
  }

 private:
  static constexpr int64_t kLargestSize = int64_t{1} << 31;  // what fits is synth's to say

  SynthOptions options_;
  std::vector<std::string> types_;
  std::string i2s_layout_ = "x86";
};

}  // namespace

std::unique_ptr<Command> make_synth_command() { return std::make_unique<SynthCommand>(); }

}  // namespace crossval
