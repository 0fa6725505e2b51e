#include "checkpoint/numbers.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "checkpoint/rope.h"

namespace crossval {
namespace {

struct Read {
  CheckpointMemory memory;
  KeyList keys{memory};
  Losses losses;
  std::vector<ComputedTensor> tensors;
  std::optional<Error> error;

  Read(const char* class_name, const char* config) {
    const auto file = JsonFile::parse(config, "config.json");
    const CheckpointArchitecture& row = *find_checkpoint_architecture(class_name);
    add_numbers(*file, row, keys, losses);
    tensors = add_rope(*file, row, keys, losses);
    error = file->error();
  }
  const GgufValue* value(std::string_view name) const {
    const auto at = std::ranges::find(keys.keys(), name, &GgufKey::name);
    return at == keys.keys().end() ? nullptr : &at->value;
  }
  double real(std::string_view name) const { return std::get<double>(*value(name)); }
  uint64_t integer(std::string_view name) const { return std::get<uint64_t>(*value(name)); }
};

TEST(CheckpointNumbers, BothFormsOfRopeSettingsSayTheSame) {
  const Read old("LlamaForCausalLM", R"({"rope_theta": 5e5, "hidden_size": 64,
    "num_attention_heads": 4, "max_position_embeddings": 512,
    "rope_scaling": {"type": "linear", "factor": 4}})");
  const Read now("LlamaForCausalLM", R"({"hidden_size": 64, "num_attention_heads": 4,
    "rope_parameters": {"rope_type": "linear", "factor": 4.0, "rope_theta": 500000}})");
  for (const Read* read : {&old, &now}) {
    EXPECT_EQ(read->real("llama.rope.freq_base"), 500000.0);
    EXPECT_EQ(read->real("llama.rope.scaling.factor"), 4.0);
    EXPECT_EQ(std::get<std::string_view>(*read->value("llama.rope.scaling.type")), "linear");
    EXPECT_TRUE(read->losses.lost.empty());
  }
}

// By hand: wave lengths 2π·10000^(i/8) of 6.28, 62.8, 628, 6283 positions; below 64/4 untouched,
// above 64/1 divided by 8, between by what the distance from both says.
TEST(CheckpointNumbers, Llama3sFactorsFollowFromTheWaveLengths) {
  const Read read("LlamaForCausalLM", R"({"head_dim": 8, "rope_parameters": {"rope_type": "llama3",
    "rope_theta": 10000.0, "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
    "original_max_position_embeddings": 64}})");
  ASSERT_EQ(read.tensors.size(), 1U);
  const std::vector<float>& factors = read.tensors[0].values;
  ASSERT_EQ(factors.size(), 4U);
  EXPECT_EQ(factors[0], 1.0F);
  const double smooth = (64 / 62.83185307 - 1) / 3;
  EXPECT_NEAR(factors[1], 1 / ((1 - smooth) / 8 + smooth), 1e-4);
  EXPECT_EQ(factors[2], 8.0F);
  EXPECT_EQ(factors[3], 8.0F);
}

TEST(CheckpointNumbers, AWindowIsLostWhereTheArchitectureHasNone) {
  const char* config = R"({"num_hidden_layers": 3, "sliding_window": 16,
    "use_sliding_window": true, "max_window_layers": 1})";
  const Read mistral("MistralForCausalLM", config);
  EXPECT_EQ(std::get<GgufArray>(*mistral.value("llama.checkpoint.windows")).integer(0), 16);
  ASSERT_EQ(mistral.losses.lost.size(), 1U);
  EXPECT_TRUE(mistral.losses.not_computed.empty());
  const Read qwen("Qwen2ForCausalLM", config);
  const auto windows = std::get<GgufArray>(*qwen.value("qwen2.checkpoint.windows"));
  EXPECT_EQ(windows.integer(0), 0);
  EXPECT_EQ(windows.integer(1), 16);
  const Read off("Qwen2ForCausalLM", R"({"num_hidden_layers": 3, "sliding_window": 16,
    "use_sliding_window": false})");
  EXPECT_EQ(off.value("qwen2.checkpoint.windows"), nullptr);
  const Read llama("LlamaForCausalLM", config);
  EXPECT_EQ(llama.value("llama.checkpoint.windows"), nullptr);
  EXPECT_TRUE(llama.losses.lost.empty());
}

TEST(CheckpointNumbers, NamesWhatNoGgufSays) {
  const Read act("LlamaForCausalLM", R"({"hidden_act": "gelu"})");
  ASSERT_EQ(act.losses.not_computed.size(), 1U);
  EXPECT_NE(act.losses.lost[0].find("\"gelu\""), std::string::npos);
  const Read experts("Qwen3MoeForCausalLM", R"({"norm_topk_prob": false})");
  ASSERT_EQ(experts.losses.not_computed.size(), 1U);
  const Read scalar("Gemma2ForCausalLM", R"({"query_pre_attn_scalar": 144, "head_dim": 256,
    "num_attention_heads": 8, "hidden_size": 2048, "num_hidden_layers": 26})");
  ASSERT_EQ(scalar.losses.not_computed.size(), 1U);
  const Read sound("Gemma2ForCausalLM", R"({"query_pre_attn_scalar": 256, "head_dim": 256,
    "num_attention_heads": 8, "hidden_size": 2048, "num_hidden_layers": 26})");
  EXPECT_TRUE(sound.losses.lost.empty());
}

TEST(CheckpointNumbers, APartOfAHeadTurns) {
  const Read read("GPTNeoXForCausalLM",
                  R"({"hidden_size": 64, "num_attention_heads": 4, "rotary_pct": 0.5})");
  EXPECT_EQ(read.integer("gptneox.rope.dimension_count"), 8U);
  const Read fallback("StableLmForCausalLM", R"({"hidden_size": 64, "num_attention_heads": 4})");
  EXPECT_EQ(fallback.integer("stablelm.rope.dimension_count"), 4U);
  const Read whole("LlamaForCausalLM", R"({"hidden_size": 64, "num_attention_heads": 4})");
  EXPECT_EQ(whole.value("llama.rope.dimension_count"), nullptr);
}

TEST(CheckpointNumbers, RefusesARopeThatNobodyHas) {
  const Read read("LlamaForCausalLM", R"({"rope_scaling": {"rope_type": "spiral"}})");
  ASSERT_TRUE(read.error.has_value());
  EXPECT_EQ(read.error->what, "rope type \"spiral\" is not known");
  EXPECT_EQ(read.error->where, "config.json, rope_scaling");
}

}  // namespace
}  // namespace crossval
