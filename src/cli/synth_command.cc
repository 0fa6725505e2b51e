#include "cli/synth_command.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "cli/interrupt.h"
#include "synth/synth.h"

namespace crossval {
namespace {

class SynthCommand : public Command {
 public:
  void add_options(CLI::App& app) override {
    app.add_option("-o,--output", options_.path, "the model file to write")->required();
    app.add_option("--arch", options_.architecture, "architecture")->capture_default_str();
    app.add_option("--types", types_, "weight types of the matrices, in turn: Q4_K or F16,Q8_0")
        ->delimiter(',')
        ->required();
    app.add_option("--layers", options_.layers, "layers")->capture_default_str();
    app.add_option("--embd", options_.embd, "width of the residual stream")->capture_default_str();
    app.add_option("--heads", options_.heads, "query heads")->capture_default_str();
    app.add_option("--kv-heads", options_.kv_heads,
                   "key/value heads (default: half of the heads where they can be grouped)");
    app.add_option("--head-dim", options_.head_dim, "width of a head (default: embd / heads)");
    app.add_option("--rope-dim", options_.rope_dim, "of it, what RoPE rotates (default: all)");
    app.add_option("--ff", options_.ff, "width of the feed-forward network, and of an expert")
        ->capture_default_str();
    app.add_option("--experts", options_.experts, "experts (default: 4 where they are needed)");
    app.add_option("--experts-used", options_.experts_used, "experts of a position")
        ->capture_default_str();
    app.add_option("--window", options_.window,
                   "positions seen in every other layer, if it has windows")
        ->capture_default_str();
    app.add_option("--context", options_.context, "context that the model names")
        ->capture_default_str();
    app.add_flag("--extras", options_.extras, "optional parts of the architecture, by the seed");
    app.add_option("--i2s-layout", i2s_layout_, "of I2_S weights: x86, arm, x86-rows")
        ->check(CLI::IsMember({"x86", "arm", "x86-rows"}))
        ->capture_default_str();
    app.add_option("--seed", options_.seed, "the same seed gives the same bytes")
        ->capture_default_str();
    app.add_option("--vocab", options_.vocabulary_path,
                   "a GGUF file whose vocabulary is taken (default: a small one)");
  }

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
  SynthOptions options_;
  std::vector<std::string> types_;
  std::string i2s_layout_ = "x86";
};

}  // namespace

std::unique_ptr<Command> make_synth_command() { return std::make_unique<SynthCommand>(); }

}  // namespace crossval
