#include "cli/command/inspect.h"

#include <map>
#include <string>

#include "base/thread_pool.h"
#include "checkpoint/checkpoint.h"
#include "cli/options/app_options.h"
#include "cli/options/checks.h"
#include "cli/progress.h"
#include "inspect/checkpoint/against.h"
#include "inspect/difference/difference.h"
#include "inspect/inspect.h"
#include "report/json/checkpoint_comparison.h"
#include "report/json/inspection.h"
#include "report/text/checkpoint_comparison.h"
#include "report/text/inspection.h"

namespace crossval {
namespace {

const std::map<std::string, TensorOrder> kOrders = {{"file", TensorOrder::file},
                                                    {"name", TensorOrder::name},
                                                    {"size", TensorOrder::size},
                                                    {"offset", TensorOrder::offset}};

class InspectCommand : public Command {
 public:
  InspectCommand() { options_.threads = machine_threads(); }

  void add_options(AppOptions& app) override {
    app.add_option("file", path_, "a model file, of a split one any part, or a checkpoint's folder")
        ->required()
        ->type_name("FILE.gguf");
    app.add_option("other", other_, "a second one: what do they differ in?")
        ->type_name("FILE.gguf");
    app.add_option("--against", against_,
                   "the Hugging Face checkpoint that the file is said to come from: is it?")
        ->type_name("FOLDER");
    app.add_option("--filter", options_.filter,
                   "show tensors whose names contain it, or match it (*, ?)")
        ->type_name("TEXT");
    app.add_option("--sort", order_, "file (default), name, size or offset")
        ->check(one_of({"file", "name", "size", "offset"}))
        ->type_name("ORDER");
    app.add_option("--tensor", tensor_, "one tensor: figures, quantiles, histogram")
        ->type_name("NAME");
    app.add_option("--i2s-layout", i2s_layout_,
                   "of I2_S weights: auto (default), x86, arm, x86-rows")
        ->check(one_of({"auto", "x86", "arm", "x86-rows"}))
        ->type_name("LAYOUT");
    app.add_flag("--quick", quick_, "do not read the weights");
    app.add_option("-t,--threads", options_.threads, "default: all processors")
        ->check(whole_number(1, 1024))
        ->type_name("N");
  }

  Result<ExitCode> run(Console& console) override {
    if (!other_.empty() && !against_.empty()) {
      return fail(ExitCode::usage, "two files and a checkpoint", "command line",
                  "Leave out the second file, or --against.");
    }
    if ((!other_.empty() || !against_.empty()) && (quick_ || !tensor_.empty())) {
      return fail(ExitCode::usage, "two models are compared by their weights, all of them",
                  "command line", "Leave out --quick and --tensor; --filter chooses tensors.");
    }
    options_.order = kOrders.at(order_);
    options_.weights = !quick_;
    options_.i2s_layout = find_i2s_layout(i2s_layout_);
    Progress progress(console, "MB");
    progress.phase("weights");
    options_.progress = [&](uint64_t done, uint64_t all) {
      progress.progress(static_cast<int32_t>(done / kMegabyte),
                        static_cast<int32_t>(all / kMegabyte));
    };
    const bool json = console.format == OutputFormat::json;
    const Layout layout{.color = console.color};
    const auto print = [&](const std::string& report, ExitCode code) {
      progress.finish();
      write_output(console, report);
      return code;
    };
    if (!other_.empty() || !against_.empty()) {
      const auto file = GgufFile::open(path_);
      if (!file) return tl::unexpected(file.error());
      const auto other = against_.empty() ? GgufFile::open(other_) : read_checkpoint(against_);
      if (!other) return tl::unexpected(other.error());
      const DifferenceOptions options{.filter = options_.filter,
                                      .a_i2s = options_.i2s_layout,
                                      .b_i2s = options_.i2s_layout,
                                      .threads = options_.threads,
                                      .progress = options_.progress};
      if (!against_.empty()) {
        const auto found = compare_with_checkpoint(*file, *other, options);
        if (!found) return tl::unexpected(found.error());
        return print(
            json ? checkpoint_comparison_json(*found) : checkpoint_comparison_text(*found, layout),
            exit_code(*found));
      }
      const auto found = compare_files(*file, *other, options);
      if (!found) return tl::unexpected(found.error());
      return print(json ? difference_json(*found) : difference_text(*found, layout),
                   exit_code(*found));
    }
    if (!tensor_.empty()) {
      const auto found = inspect_tensor(path_, tensor_, options_.threads);
      if (!found) return tl::unexpected(found.error());
      return print(json ? tensor_json(*found) : tensor_text(*found, layout), ExitCode::ok);
    }
    const auto found = inspect_file(path_, options_);
    if (!found) return tl::unexpected(found.error());
    return print(json ? inspection_json(*found) : inspection_text(*found, layout),
                 exit_code(*found));
  }

 private:
  static constexpr uint64_t kMegabyte = 1'000'000;

  std::string path_, other_, against_, tensor_;
  std::string i2s_layout_ = "auto";
  std::string order_ = "file";
  bool quick_ = false;
  InspectOptions options_;
};

}  // namespace

std::unique_ptr<Command> make_inspect_command() { return std::make_unique<InspectCommand>(); }

}  // namespace crossval
