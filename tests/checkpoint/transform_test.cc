#include "checkpoint/transform.h"

#include <gtest/gtest.h>

#include <cstring>
#include <numeric>

#include "checkpoint/tensors.h"

namespace crossval {
namespace {

constexpr HeadSizes kSizes{.heads = 2, .kv_heads = 1, .latent_keys = 1, .latent_values = 2};

/// What a change makes of 0, 1, 2, … in this shape.
struct Made {
  MadeTensor tensor;
  std::vector<float> values;
  std::string error;
};

Made make(TensorChange change, std::vector<int64_t> shape, std::string name = "x.weight",
          size_t sources = 1) {
  SafetensorsTensor source{.name = "t", .dtype = "F32", .shape = std::move(shape), .data = {}};
  std::vector<float> values(static_cast<size_t>(source.elements()));
  std::iota(values.begin(), values.end(), 0.0F);
  source.data = std::as_bytes(std::span(values));
  Made made;
  made.tensor.name = std::move(name);
  made.tensor.change = change;
  made.tensor.sources.assign(sources, &source);
  if (auto ok = plan(made.tensor, kSizes, "checkpoint"); !ok) {
    made.error = ok.error().what;
    return made;
  }
  const std::vector<std::byte> bytes = bytes_of(made.tensor, kSizes);
  EXPECT_EQ(bytes.size(), made.tensor.bytes());
  made.values.resize(bytes.size() / sizeof(float));
  std::memcpy(made.values.data(), bytes.data(), bytes.size());
  return made;
}

using Values = std::vector<float>;
using Shape = std::vector<int64_t>;

TEST(CheckpointTransform, HalvesOfAHeadBecomePairs) {
  EXPECT_EQ(make(TensorChange::q_order, {8, 1}).values, (Values{0, 2, 1, 3, 4, 6, 5, 7}));
  EXPECT_EQ(make(TensorChange::k_order, {4, 2}).values, (Values{0, 1, 4, 5, 2, 3, 6, 7}));
  EXPECT_EQ(make(TensorChange::q_order, {8}, "x.bias").values, (Values{0, 2, 1, 3, 4, 6, 5, 7}));
}

TEST(CheckpointTransform, HeadsAreTakenApart) {
  // Of heads a, b: qa ka va qb kb vb.
  EXPECT_EQ(make(TensorChange::qkv_by_head, {6, 1}).values, (Values{0, 3, 1, 4, 2, 5}));
  // Of heads a, b: a key and two values each; keys transposed, a slice a head.
  const Made keys = make(TensorChange::keys_of_latent, {6, 2});
  EXPECT_EQ(keys.values, (Values{0, 1, 6, 7}));
  EXPECT_EQ(keys.tensor.ne, (Shape{1, 2, 2}));
  const Made values = make(TensorChange::values_of_latent, {6, 2});
  EXPECT_EQ(values.values, (Values{2, 3, 4, 5, 8, 9, 10, 11}));
  EXPECT_EQ(values.tensor.ne, (Shape{2, 2, 2}));
}

TEST(CheckpointTransform, TransposedHalvedAndStacked) {
  const Made turned = make(TensorChange::transposed, {2, 3});
  EXPECT_EQ(turned.values, (Values{0, 3, 1, 4, 2, 5}));
  EXPECT_EQ(turned.tensor.ne, (Shape{2, 3}));
  EXPECT_EQ(make(TensorChange::first_half, {2, 2, 1}).values, (Values{0, 2}));
  const Made second = make(TensorChange::second_half, {2, 4, 1});
  EXPECT_EQ(second.values, (Values{2, 3, 6, 7}));
  EXPECT_EQ(second.tensor.ne, (Shape{1, 2, 2}));
  EXPECT_EQ(make(TensorChange::transposed_even, {1, 2, 4}).values, (Values{0, 4, 2, 6}));
  EXPECT_EQ(make(TensorChange::transposed_odd, {1, 2, 4}).values, (Values{1, 5, 3, 7}));
  const Made odd = make(TensorChange::odd, {2, 4}, "x.bias");
  EXPECT_EQ(odd.values, (Values{1, 3, 5, 7}));
  EXPECT_EQ(odd.tensor.ne, (Shape{2, 2}));
  const Made stack = make(TensorChange::stacked, {1, 2}, "x.weight", 3);
  EXPECT_EQ(stack.values, (Values{0, 1, 0, 1, 0, 1}));
  EXPECT_EQ(stack.tensor.ne, (Shape{2, 1, 3}));
}

TEST(CheckpointTransform, VectorsBecomeF32AndOneIsAdded) {
  const uint16_t bits[] = {0x3F80, 0x4000};  // 1, 2 in BF16
  const SafetensorsTensor norm{
      .name = "t", .dtype = "BF16", .shape = {2}, .data = std::as_bytes(std::span(bits))};
  MadeTensor made;
  made.name = "x_norm.weight";
  made.plus_one = true;
  made.sources = {&norm};
  ASSERT_TRUE(plan(made, kSizes, "checkpoint").has_value());
  EXPECT_EQ(made.type_id, 0U);
  const auto bytes = bytes_of(made, kSizes);
  float values[2];
  ASSERT_EQ(bytes.size(), sizeof values);
  std::memcpy(values, bytes.data(), sizeof values);
  EXPECT_EQ(values[0], 2.0F);
  EXPECT_EQ(values[1], 3.0F);
}

TEST(CheckpointTransform, RefusesShapesThatDoNotFit) {
  EXPECT_EQ(make(TensorChange::q_order, {6, 1}).error, "6 rows do not fall into 4 halves of heads");
  EXPECT_EQ(make(TensorChange::first_half, {3, 1}).error, "3 rows do not fall into 2 halves");
  EXPECT_EQ(make(TensorChange::none, {2, 0}).error,
            "shape [2, 0] is not one that such a tensor has");
  EXPECT_EQ(make(TensorChange::transposed, {4}).error,
            "shape [4] is not one that such a tensor has");
  EXPECT_EQ(make(TensorChange::stacked, {1, 1, 2}).error,
            "shape [1, 1, 2] is not one that such a tensor has");
}

TEST(CheckpointTensors, PatternsHaveNumbers) {
  PatternNumbers numbers;
  EXPECT_TRUE(matches("a.{}.b.{e}.c", "a.12.b.3.c", &numbers));
  EXPECT_EQ(numbers.layer, 12);
  EXPECT_EQ(numbers.expert, 3);
  for (const char* name : {"a.x.b.3.c", "a.12.b.3", "a.12.b.3.c.d", "a.-1.b.3.c", "a..b.3.c"})
    EXPECT_FALSE(matches("a.{}.b.{e}.c", name, &numbers)) << name;
}

}  // namespace
}  // namespace crossval
