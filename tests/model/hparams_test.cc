// Keys that no sound file has: each is refused by name before anything is sized by it.
#include "model/hparams.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <ostream>
#include <string>

#include "gguf/file.h"
#include "gguf/writer.h"

namespace crossval {
namespace {

constexpr int64_t kLeast = std::numeric_limits<int64_t>::min();

/// The keys of a small bailingmoe2 model, one of them with another value.
Result<Hparams> read_with(const std::string& name, int64_t value) {
  const std::pair<const char*, int64_t> usual[] = {
      {"block_count", 2},          {"embedding_length", 64},
      {"context_length", 128},     {"feed_forward_length", 96},
      {"attention.head_count", 4}, {"rope.dimension_count", 16},
      {"expert_count", 4},         {"expert_used_count", 2},
      {"expert_shared_count", 1},  {"expert_feed_forward_length", 32},
      {"nextn_predict_layers", 0}, {"leading_dense_block_count", 1}};
  GgufWriter writer("");
  for (const auto& [key, given] : usual) {
    writer.add_key(std::string("bailingmoe2.") + key, GgufType::i64, name == key ? value : given);
  }
  writer.add_f32("bailingmoe2.attention.layer_norm_rms_epsilon", 1e-5F);
  writer.add_f32("bailingmoe2.expert_weights_scale", 1.0F);
  const std::string header = writer.header();
  const auto file = GgufFile::parse(std::as_bytes(std::span(header)), "made.gguf");
  if (!file) return tl::unexpected(file.error());
  return read_hparams(*file, **find_architecture("bailingmoe2"));
}

TEST(Hparams, AreReadAsWritten) {
  const auto h = read_with("", 0);
  ASSERT_TRUE(h.has_value()) << h.error().message();
  EXPECT_FALSE(h->layers[0].experts);
  EXPECT_TRUE(h->layers[1].experts);
  EXPECT_EQ(h->n_ff_expert, 32);
  EXPECT_EQ(h->n_ff_shared, 32);
}

struct Hostile {
  const char* key;
  int64_t value;
};
void PrintTo(const Hostile& hostile, std::ostream* to) { *to << hostile.key << hostile.value; }

class HostileKey : public testing::TestWithParam<Hostile> {};

TEST_P(HostileKey, IsRefusedByName) {
  const auto h = read_with(GetParam().key, GetParam().value);
  ASSERT_FALSE(h.has_value());
  EXPECT_EQ(h.error().code, ExitCode::bad_input_file);
  EXPECT_THAT(h.error().message(), testing::HasSubstr(std::to_string(GetParam().value)));
  EXPECT_THAT(h.error().message(), testing::HasSubstr(GetParam().key));
}

INSTANTIATE_TEST_SUITE_P(Keys, HostileKey,
                         testing::Values(Hostile{"block_count", kLeast},
                                         Hostile{"nextn_predict_layers", -1},
                                         Hostile{"rope.dimension_count", -2},
                                         Hostile{"leading_dense_block_count", -1},
                                         Hostile{"expert_shared_count", kLeast},
                                         Hostile{"expert_feed_forward_length", kLeast},
                                         Hostile{"expert_used_count", 5}));

}  // namespace
}  // namespace crossval
