// One sum of a tiny model, as engines with a mistake would make it.
#include "explain/cause.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "gguf/opened_files.h"
#include "graph/decoder.h"
#include "graph/edit.h"
#include "model/model.h"
#include "native/tiny_model.h"

namespace crossval {
namespace {

using namespace testing_support;
using testing::Contains;
using testing::Field;
using testing::Not;

/// The sum of layer 1's attention and what goes past it, at one position.
class Cause : public testing::Test {
 protected:
  void SetUp() override {
    const auto file = OpenedFiles{}.open(data_path("tiny-f16.gguf"));
    ASSERT_TRUE(file);
    auto model = load_model(*file, {});
    ASSERT_TRUE(model);
    model_ = *std::move(model);
    graph_ = build_decoder(*model_, 256);
    sum_ = last_of(graph_, Role::attn_residual, 1);
    ASSERT_LT(sum_, graph_.ops.size());
    const auto& inputs = graph_.ops[sum_].inputs;
    past_ = inputs[0];
    attention_ = inputs[1];
    width_ = graph_.width(past_);
    // Layer 0 begins with what the embedding made.
    before_ = graph_.ops[first_of(graph_, Role::attn_norm, 0)].inputs.front();
    show(before_, 0.5);
    show(past_, 1.0);
    show(attention_, 0.25);
  }

  /// The engine shows a value: c · sin of the index.
  void show(ValueId id, double c) {
    KnownValue& value = known(id);
    for (int64_t i = 0; i < width_; ++i)
      value.values.push_back(static_cast<float>(c * std::sin(c + static_cast<double>(i))));
  }
  /// It shows the norm of what goes past the attention, computed rightly.
  void show_norm() {
    const Op& norm = graph_.ops[first_of(graph_, Role::attn_norm, 1)];
    OracleInputs in;
    in.positions = 1;
    in.values = {{known(past_).values.data(), width_}};
    const KnownValue right = expect(norm.action, in, {nullptr}, width_, {}, pool_, nullptr);
    for (const double x : right.values) known(norm.output).values.push_back(static_cast<float>(x));
  }
  KnownValue& known(ValueId id) {
    auto& at = shown_[id];
    if (at == nullptr) at = std::make_unique<KnownValue>();
    return *at;
  }

  /// The causes of an engine that made a + b of it.
  std::vector<FoundCause> causes(ValueId a, std::optional<ValueId> b) {
    std::vector<float> value;
    for (size_t i = 0; i < static_cast<size_t>(width_); ++i)
      value.push_back(static_cast<float>(known(a).values[i] + (b ? known(*b).values[i] : 0.0)));
    Judge::Sight sight;
    sight.in.positions = 1;
    sight.in.values = {{known(past_).values.data(), width_},
                       {known(attention_).values.data(), width_}};
    sight.value = value.data();
    sight.width = width_;
    sight.shown.resize(graph_.widths.size());
    for (const auto& [id, each] : shown_) sight.shown[static_cast<size_t>(id)] = each.get();
    CauseSearch search(graph_, sum_, {}, pool_);
    search.look(sight);
    Explanation found;
    search.finish(found);
    return found.causes;
  }

  std::unique_ptr<Model> model_;
  Graph graph_;
  ThreadPool pool_{1};
  size_t sum_ = 0;
  ValueId before_ = 0, past_ = 0, attention_ = 0;
  int64_t width_ = 0;
  std::map<ValueId, std::unique_ptr<KnownValue>> shown_;
};

auto named(const char* mistake) { return Contains(Field(&FoundCause::mistake, mistake)); }

// The sum is still there, and is what its readers would read if it were not.
TEST_F(Cause, OfASumThatIsLeftOutIsWhatItsReadersReadInstead) {
  EXPECT_THAT(causes(attention_, std::nullopt), named("attn-residual"));
  EXPECT_THAT(causes(attention_, before_), Not(named("attn-residual")));
}

// What goes past the attention is that of the layer before: as if that layer were left out. The
// norm of the same layer says that it was not.
TEST_F(Cause, IsNoneThatAnEarlierOperationContradicts) {
  EXPECT_THAT(causes(attention_, before_), named("layer-left-out"));
  show_norm();
  EXPECT_THAT(causes(attention_, before_), Not(named("layer-left-out")));
}

}  // namespace
}  // namespace crossval
