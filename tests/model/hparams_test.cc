// Keys that no sound file has: each is refused by name before anything is sized by it.
#include "model/hparams.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <limits>
#include <ostream>
#include <string>
#include <vector>

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
  writer.add_u32("bailingmoe2.expert_gating_func", 2);
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

/// The keys of a model of `architecture` with four layers; `add` writes more.
Result<Hparams> read_keys(const std::string& architecture,
                          const std::function<void(GgufWriter&)>& add) {
  GgufWriter writer("");
  writer.add_u32(architecture + ".block_count", 4);
  writer.add_u32(architecture + ".embedding_length", 64);
  writer.add_u32(architecture + ".context_length", 128);
  writer.add_f32(architecture + ".attention.layer_norm_rms_epsilon", 1e-5F);
  add(writer);
  const std::string header = writer.header();
  const auto file = GgufFile::parse(std::as_bytes(std::span(header)), "made.gguf");
  if (!file) return tl::unexpected(file.error());
  return read_hparams(*file, **find_architecture(architecture));
}

std::function<void(GgufWriter&)> layers(const std::string& architecture, std::vector<int32_t> heads,
                                        std::vector<int32_t> kv_heads, std::vector<int32_t> ff) {
  return [=](GgufWriter& to) {
    to.add_i32s(architecture + ".attention.head_count", heads);
    to.add_i32s(architecture + ".attention.head_count_kv", kv_heads);
    to.add_i32s(architecture + ".feed_forward_length", ff);
  };
}

TEST(LayerSizes, AnArrayOfOneNumberIsThatNumber) {
  const auto h = read_keys("llama", layers("llama", {4, 4, 4, 4}, {2, 2, 2, 2}, {96, 96, 96, 96}));
  ASSERT_TRUE(h.has_value()) << h.error().message();
  ASSERT_EQ(h->layers.size(), 4U);
  for (const LayerKind& layer : h->layers) {
    EXPECT_EQ(layer.n_head, 4);
    EXPECT_EQ(layer.n_head_kv, 2);
    EXPECT_EQ(layer.n_ff, 96);
  }
}

TEST(LayerSizes, DifferWhereTheArchitectureHasThem) {
  const auto h = read_keys("deci", layers("deci", {4, 0, 4, 2}, {2, 0, 0, 1}, {96, 64, 96, 0}));
  ASSERT_TRUE(h.has_value()) << h.error().message();
  EXPECT_TRUE(h->layers[0].attends());
  EXPECT_FALSE(h->layers[1].attends());
  EXPECT_FALSE(h->layers[2].attends());
  EXPECT_EQ(h->layers[2].n_head, 4);
  EXPECT_EQ(h->k_width(h->layers[3]), 16);
  EXPECT_EQ(h->layers[3].n_ff, 0);
}

struct Refused {
  const char* name;
  const char* architecture;
  std::function<void(GgufWriter&)> add;
  const char* what;
  const char* where;
  const char* hint = "";
};
void PrintTo(const Refused& refused, std::ostream* to) { *to << refused.name; }

std::function<void(GgufWriter&)> plain_and(const std::function<void(GgufWriter&)>& add) {
  return [=](GgufWriter& to) {
    to.add_u32("llama.attention.head_count", 4);
    to.add_u32("llama.feed_forward_length", 96);
    add(to);
  };
}

const Refused kRefused[] = {
    {"LayersDiffer", "llama", layers("llama", {4, 4, 4, 2}, {2, 2, 2, 2}, {96, 96, 96, 96}),
     "4 in layer 0, 2 in layer 3: this architecture has one for all layers",
     "key llama.attention.head_count"},
    {"WidthsDiffer", "laguna", layers("laguna", {4, 4, 4, 2}, {2, 2, 2, 2}, {96, 96, 64, 96}),
     "96 in layer 0, 64 in layer 2", "key laguna.feed_forward_length"},
    {"TooFew", "openelm", layers("openelm", {4, 4, 4}, {2, 2, 2, 2}, {96, 96, 96, 96}),
     "an array of 3 numbers where 4 belong", "key openelm.attention.head_count"},
    {"Negative", "deci", layers("deci", {4, 4, -1, 4}, {2, 2, 2, 2}, {96, 96, 96, 96}),
     "attention.head_count is -1 in layer 2", "keys deci.*"},
    {"NoHeads", "openelm", layers("openelm", {4, 0, 4, 4}, {2, 2, 2, 2}, {96, 96, 96, 96}),
     "attention.head_count is 0 in layer 1", "keys openelm.*"},
    {"NoHeadsInTheFirst", "deci", layers("deci", {0, 4, 4, 4}, {0, 2, 2, 2}, {96, 96, 96, 96}),
     "attention.head_count is 0", "keys deci.*"},
    {"HeadsDoNotShare", "deci", layers("deci", {4, 4, 4, 4}, {2, 3, 2, 2}, {96, 96, 96, 96}),
     "4 heads cannot share 3", "keys deci.*"},
    {"Reals", "openelm",
     [](GgufWriter& to) {
       static constexpr float kHuge[] = {1e30F, 1e30F, 1e30F, 1e30F};
       to.add_key("openelm.attention.head_count", GgufType::array,
                  GgufArray{GgufType::f32, 4, std::as_bytes(std::span(kHuge)).data(), {}});
     },
     "an array of f32 where integers belong", "key openelm.attention.head_count"},
    {"Scaling", "llama",
     plain_and([](GgufWriter& to) { to.add_string("llama.rope.scaling.type", "llama3"); }),
     "\"llama3\" is not known", "key llama.rope.scaling.type", "none, linear, yarn, longrope"},
    {"ScalingIsANumber", "llama",
     plain_and([](GgufWriter& to) { to.add_u32("llama.rope.scaling.type", 1); }),
     "a u32 where a string belongs", "key llama.rope.scaling.type"},
    {"BaseIsAnInteger", "llama",
     plain_and([](GgufWriter& to) { to.add_u32("llama.rope.freq_base", 10000); }),
     "a u32 where a floating-point number belongs", "key llama.rope.freq_base"},
    {"HeadsAreAString", "llama",
     [](GgufWriter& to) { to.add_string("llama.attention.head_count", "4"); },
     "a string where an integer belongs", "key llama.attention.head_count"},
    {"FlagIsAnInteger", "granite",
     [](GgufWriter& to) {
       to.add_u32("granite.attention.head_count", 4);
       to.add_u32("granite.feed_forward_length", 96);
       to.add_u32("granite.rope.scaling.finetuned", 1);
     },
     "a u32 where a bool belongs", "key granite.rope.scaling.finetuned"},
    {"NotCausal", "llama",
     plain_and([](GgufWriter& to) { to.add_bool("llama.attention.causal", false); }),
     "not causal is not supported", "key llama.attention.causal"},
    {"Gating", "dots1",
     [](GgufWriter& to) {
       to.add_u32("dots1.attention.head_count", 4);
       to.add_u32("dots1.feed_forward_length", 96);
       to.add_u32("dots1.expert_count", 4);
       to.add_u32("dots1.expert_used_count", 2);
       to.add_u32("dots1.expert_shared_count", 1);
       to.add_u32("dots1.expert_gating_func", 9);
     },
     "gating 9 is not known", "key dots1.expert_gating_func", "1 softmax, 2 sigmoid"},
    {"NoGating", "dots1",
     [](GgufWriter& to) {
       to.add_u32("dots1.attention.head_count", 4);
       to.add_u32("dots1.feed_forward_length", 96);
       to.add_u32("dots1.expert_count", 4);
       to.add_u32("dots1.expert_used_count", 2);
       to.add_u32("dots1.expert_shared_count", 1);
     },
     "missing or 0", "key dots1.expert_gating_func", "1 softmax, 2 sigmoid"},
    {"WiderHeadsInWindows", "gemma2",
     [](GgufWriter& to) {
       to.add_u32("gemma2.attention.head_count", 4);
       to.add_u32("gemma2.feed_forward_length", 96);
       to.add_u32("gemma2.attention.key_length_swa", 32);
     },
     "heads of 32 values in layers with a window", "key gemma2.attention.key_length_swa"},
    {"SectionsBeyondTheHead", "qwen2vl",
     [](GgufWriter& to) {
       to.add_u32("qwen2vl.attention.head_count", 4);
       to.add_u32("qwen2vl.feed_forward_length", 96);
       to.add_i32s("qwen2vl.rope.dimension_sections",
                   std::vector<int32_t>{4, std::numeric_limits<int32_t>::max(), 4, 0});
     },
     "sections of 4, 2147483647, 4, 0 pairs in heads of 16 values",
     "key qwen2vl.rope.dimension_sections"},
};

class RefusedKeys : public testing::TestWithParam<Refused> {};

TEST_P(RefusedKeys, AreNamedWithWhatIsKnown) {
  const auto h = read_keys(GetParam().architecture, GetParam().add);
  ASSERT_FALSE(h.has_value());
  EXPECT_EQ(h.error().code, ExitCode::bad_input_file);
  EXPECT_THAT(h.error().what, testing::HasSubstr(GetParam().what));
  EXPECT_THAT(h.error().where, testing::HasSubstr(GetParam().where));
  EXPECT_THAT(h.error().hint, testing::HasSubstr(GetParam().hint));
}

INSTANTIATE_TEST_SUITE_P(Each, RefusedKeys, testing::ValuesIn(kRefused),
                         [](const auto& param) { return std::string(param.param.name); });

TEST(KnownKeys, AreRead) {
  for (const auto& [name, scaling] :
       {std::pair{"none", RopeScaling::none}, std::pair{"linear", RopeScaling::linear},
        std::pair{"yarn", RopeScaling::yarn}, std::pair{"longrope", RopeScaling::longrope}}) {
    const auto h = read_keys("llama", plain_and([&](GgufWriter& to) {
                               to.add_string("llama.rope.scaling.type", name);
                               to.add_bool("llama.attention.causal", true);
                             }));
    ASSERT_TRUE(h.has_value()) << h.error().message();
    EXPECT_EQ(h->rope.scaling, scaling);
  }
}

// llama.cpp reads these keys for mistral3 alone (src/models/mistral3.cpp), so they change nothing
// in another architecture's file.
TEST(KnownKeys, OfYarnCountWhereUpstreamReadsThem) {
  const auto with = [](const std::string& architecture) {
    return read_keys(architecture, [&](GgufWriter& to) {
      to.add_u32(architecture + ".attention.head_count", 4);
      to.add_u32(architecture + ".feed_forward_length", 96);
      to.add_string(architecture + ".rope.scaling.type", "yarn");
      to.add_f32(architecture + ".rope.scaling.factor", 4.0F);
      to.add_f32(architecture + ".rope.scaling.yarn_beta_fast", 16.0F);
    });
  };
  EXPECT_EQ(with("mistral3")->rope.beta_fast, 16.0F);
  EXPECT_EQ(with("llama")->rope.beta_fast, 32.0F);
}

/// The keys of a small minicpm3 model, one of them with another value.
Result<Hparams> read_latent(const std::string& name, int64_t value) {
  const std::pair<const char*, int64_t> usual[] = {{"block_count", 4},
                                                   {"embedding_length", 64},
                                                   {"context_length", 128},
                                                   {"feed_forward_length", 96},
                                                   {"attention.head_count", 4},
                                                   {"rope.dimension_count", 8},
                                                   {"attention.key_length", 24},
                                                   {"attention.value_length", 16},
                                                   {"attention.q_lora_rank", 32},
                                                   {"attention.kv_lora_rank", 20},
                                                   {"attention.head_count_kv", 4}};
  GgufWriter writer("");
  for (const auto& [key, given] : usual)
    writer.add_key(std::string("minicpm3.") + key, GgufType::i64, name == key ? value : given);
  writer.add_f32("minicpm3.attention.layer_norm_rms_epsilon", 1e-5F);
  const std::string header = writer.header();
  const auto file = GgufFile::parse(std::as_bytes(std::span(header)), "made.gguf");
  if (!file) return tl::unexpected(file.error());
  return read_hparams(*file, **find_architecture("minicpm3"));
}

TEST(LatentHparams, AreReadAndComputed) {
  const auto h = read_latent("", 0);
  ASSERT_TRUE(h.has_value()) << h.error().message();
  EXPECT_EQ(h->q_latent, 32);
  EXPECT_EQ(h->kv_latent, 20);
  EXPECT_EQ(h->embedding_scale, 12.0F);
  EXPECT_EQ(h->residual_scale, 0.7F);  // 1.4 over the root of 4 layers
}

TEST(LatentHparams, ThatCannotBeAreRefusedByName) {
  for (const auto& [key, value] : {std::pair<const char*, int64_t>{"attention.q_lora_rank", 0},
                                   {"attention.kv_lora_rank", -1},
                                   {"attention.kv_lora_rank", kLeast},
                                   {"rope.dimension_count", 0},
                                   {"attention.head_count_kv", 2}}) {
    const auto h = read_latent(key, value);
    ASSERT_FALSE(h.has_value()) << key;
    EXPECT_EQ(h.error().code, ExitCode::bad_input_file);
    EXPECT_THAT(h.error().where, testing::HasSubstr(key));
  }
}

}  // namespace
}  // namespace crossval
