// Every mistake of the table, planted in a model that has what it bends: it changes bits, and first
// at the operation that it names.
#include "graph/mistakes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

#include "base/temp_folder.h"
#include "model/architecture.h"
#include "synth/synth.h"
#include "tiny_model.h"

namespace crossval {
namespace {

using namespace testing_support;

/// Where a mistake shows first: a node of upstream's that both have, by name and operation.
struct Row {
  const char* mistake;
  const char* architecture;
  const char* first;
  const char* type = "F16";
  int64_t rope_dim = 0;
  KvType kv = KvType::f16;
  int64_t n_batch = 512;
};

constexpr Row kRows[] = {
    {"embedding-scale", "gemma", "norm-0 RMS_NORM"},
    {"logit-scale", "cohere2", "result_output SCALE"},
    {"logit-cap", "gemma2", "result_output SCALE"},
    {"tied-head", "xverse", "result_output MUL_MAT"},
    {"wrong-head", "llama", "result_output MUL_MAT"},
    {"eps", "llama", "norm-0 RMS_NORM"},
    {"norm-kind", "command-r", "attn_norm-0 MUL"},
    {"missing-norm-weight", "llama", "attn_norm-0 MUL"},
    {"zero-norm-weight", "llama", "attn_norm-0 MUL"},
    {"norm-plus-one", "llama", "attn_norm-0 MUL"},
    {"norm-minus-one", "llama", "attn_norm-0 MUL"},
    {"norm-place", "llama", "norm-0 RMS_NORM"},
    {"embedding-norm", "bloom", "norm_w-0 MUL"},
    {"post-norm", "olmo2", "ffn_inp-0 ADD"},
    {"sub-norm", "bitnet", "norm-0 RMS_NORM #2"},
    {"qk-norm", "qwen3", "norm-0 RMS_NORM #2"},
    {"latent-norm", "minicpm3", "norm-0 RMS_NORM #2"},
    {"latent-split", "minicpm3", "k_states-0 CONCAT"},
    {"qk-norm-order", "hunyuan-dense", "Qcur-0 ROPE"},
    {"norm-bias", "gptneox", "wqkv-0 MUL_MAT"},
    {"qkv-bias", "gpt2", "kq-0 MUL_MAT"},
    {"q-bias", "qwen2", "wqkv_b-0 ADD"},
    {"k-bias", "gpt2", "wqkv_b-0 ADD"},
    {"v-bias", "qwen2", "wqkv_b-0 ADD"},
    {"attn-out-bias", "gpt2", "ffn_inp-0 ADD"},
    {"ffn-bias", "phi2", "ffn_gelu-0 UNARY"},
    {"gate-bias", "jais", "ffn_swiglu-0 GLU"},
    {"up-bias", "phi2", "ffn_gelu-0 UNARY"},
    {"down-bias", "phi2", "l_out-0 ADD"},
    {"router-bias", "gpt-oss", "ffn_moe_argsort-0 ARGSORT"},
    {"expert-bias", "gpt-oss", "ffn_moe_swiglu_oai-0 GLU"},
    {"output-bias", "phi2", ""},  // no node has the name of the sum that is left out
    {"rope-pairing", "llama", "Qcur-0 ROPE"},
    {"rope-base", "llama", "Qcur-0 ROPE"},
    {"rope-direction", "llama", "Qcur-0 ROPE"},
    {"rope-f16", "llama", "Qcur-0 ROPE"},
    {"rope-scaling", "llama", "Qcur-0 ROPE"},
    {"rope-factors", "phi3", "Qcur-0 ROPE"},
    {"rope-width", "gptneox", "Qcur-0 ROPE", "F16", 16},
    {"rope-sections", "qwen3vl", "Qcur-0 ROPE"},
    {"rope-layers", "smollm3", "kq-3 MUL_MAT"},
    {"window-rope", "gemma3", "Qcur-0 ROPE"},
    {"key-rope", "llama", "kq-0 MUL_MAT"},
    {"position", "llama", "Qcur-0 ROPE"},
    {"learned-positions", "starcoder", "pos_embd GET_ROWS"},
    {"gqa-map", "llama", "kq-0 MUL_MAT"},
    {"gqa-first", "llama", "kq-0 MUL_MAT"},
    {"gqa-next", "llama", "kq-0 MUL_MAT"},
    {"layer-heads", "openelm", "kq-1 MUL_MAT"},
    {"mask", "llama", "kq-0 MUL_MAT"},
    {"mask-ahead", "llama", "kq-0 MUL_MAT"},
    {"window", "gemma3", "kq_soft_max-0 SOFT_MAX"},
    {"window-wider", "gemma3", "kq_soft_max-0 SOFT_MAX"},
    {"window-narrower", "gemma3", "kq_soft_max-0 SOFT_MAX"},
    {"window-layers", "gemma3", "kq_soft_max-0 SOFT_MAX"},
    {"score-scale", "granite", "kq_soft_max-0 SOFT_MAX"},
    {"no-score-scale", "llama", "kq_soft_max-0 SOFT_MAX"},
    {"score-scale-twice", "gemma", "Qcur_scaled-0 SCALE"},
    {"soft-cap", "gemma2", "kq_soft_max-0 SOFT_MAX"},
    {"sink", "gpt-oss", "kq_soft_max-0 SOFT_MAX"},
    {"alibi", "bloom", "kq_soft_max-0 SOFT_MAX"},
    {"query-temperature", "mistral3", "kq-0 MUL_MAT"},
    {"clamp", "olmo", "Qcur-0 ROPE"},
    {"attn-gate", "afmoe", "attn_o_proj-0 MUL_MAT"},
    {"activation", "arcee", "ffn_sqr(relu)-0 SQR"},
    {"silu-for-relu2", "nemotron", "ffn_sqr(relu)-0 SQR"},
    {"relu-for-relu2", "nemotron", "ffn_sqr(relu)-0 SQR"},
    {"gelu-erf", "gemma", "ffn_geglu-0 GLU"},
    {"gelu-quick", "phi2", "ffn_gelu-0 UNARY"},
    {"gate-order", "glm4", "ffn_swiglu-0 GLU"},
    {"activation-divisor", "mpt", "ffn_out-0 MUL_MAT"},
    {"wrong-expert", "dbrx", "ffn_moe_gate-0 MUL_MAT_ID"},
    {"expert-left-out", "dbrx", "ffn_moe_out-0 ADD"},
    {"expert-weights", "olmoe", "ffn_moe_weighted-0 MUL"},
    {"expert-scale", "deepseek", "ffn_moe_weighted-1 MUL"},
    {"gating", "gpt-oss", "ffn_moe_weights-0 GET_ROWS"},
    {"selection-bias", "glm4moe", "ffn_moe_argsort-1 ARGSORT"},
    {"weighed-by-bias", "glm4moe", "ffn_moe_weights-1 GET_ROWS"},
    {"shared-expert", "deepseek", "l_out-1 ADD"},
    {"shared-gate", "qwen2moe", "ffn_out-0 ADD"},
    {"residual-scale", "minicpm", "ffn_inp-0 ADD"},
    {"attn-residual", "llama", "norm-2 RMS_NORM #2"},
    {"ffn-residual", "llama", "norm-3 RMS_NORM"},
    {"block-order", "plamo", "ffn_gate-0 MUL_MAT"},
    {"stand-in", "deci", "ffn_inp-3 ADD"},
    {"layers-swapped", "llama", "attn_norm-1 MUL"},
    {"layer-left-out", "llama", "norm-3 RMS_NORM"},
    {"nan", "llama", "l_out-2 ADD"},
    {"block-scale", "llama", "ffn_gate-2 MUL_MAT", "Q4_0"},
    {"weight-bit", "llama", "ffn_gate-2 MUL_MAT", "Q4_0"},
    {"weight-sign", "llama", "ffn_gate-2 MUL_MAT", "Q5_1"},
    {"rows-swapped", "llama", "ffn_gate-2 MUL_MAT", "Q8_0"},
    {"blocks-swapped", "llama", "ffn_gate-2 MUL_MAT", "Q4_1"},
    {"transposed", "llama", "attn_out-2 MUL_MAT"},
    {"nibble-order", "llama", "Qcur-0 MUL_MAT", "Q4_0"},
    {"minimum-dropped", "llama", "Qcur-0 MUL_MAT", "Q4_1"},
    {"minimum-rounded", "llama", "Qcur-0 MUL_MAT", "Q4_1"},
    {"scale-dropped", "bitnet-b1.58", "Qcur-0 MUL_MAT", "I2_S"},
    {"i2s-as-qk256", "bitnet-b1.58", "Qcur-0 MUL_MAT", "I2_S"},
    {"kv-floats", "llama", "kq-0 MUL_MAT"},
    {"kv-f16", "llama", "kq-0 MUL_MAT", "F16", 0, KvType::f32},
    {"kv-bf16", "llama", "kq-0 MUL_MAT"},
    {"kv-codes", "llama", "kq-0 MUL_MAT"},
    {"activation-floats", "llama", "Qcur-0 MUL_MAT", "Q4_0"},
    {"activation-codes", "llama", "Qcur-0 MUL_MAT"},
    {"activation-groups", "llama", "Qcur-0 MUL_MAT", "Q8_0"},
    // Of the second chunk.
    {"chunk-mask", "llama", "kq_soft_max-0 SOFT_MAX #2", "F16", 0, KvType::f16, 20},
    {"chunk-index", "llama", "kq-0 MUL_MAT #2", "F16", 0, KvType::f16, 20},
};

std::ostream& operator<<(std::ostream& out, const Row& row) { return out << row.mistake; }

class NativeMistakes : public testing::TestWithParam<Row> {
 protected:
  /// With the architecture's optional parts as the seed chooses; seed 1: none.
  std::string make(uint64_t seed) const {
    const Row& row = GetParam();
    SynthOptions options;
    options.architecture = row.architecture;
    options.types = {find_weight_format(row.type)};
    options.layers = 4;
    options.embd = 128;
    options.heads = 4;
    options.rope_dim = row.rope_dim;
    options.ff = 128;
    const bool windows = (*find_architecture(row.architecture))->window.kind != WindowKind::none;
    options.window = windows ? 20 : 0;
    options.context = 256;
    options.extras = seed > 1;
    options.seed = seed;
    options.path = folder_->path() + "/" + std::to_string(seed) + ".gguf";
    const auto made = synthesize(options);
    EXPECT_TRUE(made.has_value()) << made.error().message();
    return options.path;
  }

  /// The values of every node, the last position's logits among them, in the order of the graph.
  static std::vector<std::pair<std::string, std::vector<float>>> nodes(Engine& engine) {
    std::vector<std::pair<std::string, std::vector<float>>> nodes;
    std::map<std::string, int> seen;
    std::vector<TokenId> ids(48);
    for (size_t i = 0; i < ids.size(); ++i) ids[i] = static_cast<TokenId>((37 * i + i * i) % 350);
    const auto ok = engine.trace({.ids = ids}, [&](const TraceTensor& t) {
      const std::string key = t.name + " " + t.op;
      if (t.name == "result_output" && t.first_position + 1 < static_cast<int32_t>(ids.size()))
        return true;
      const int before = seen[key]++;
      nodes.emplace_back(before == 0 ? key : key + " #" + std::to_string(before + 1),
                         std::vector<float>(t.data.begin(), t.data.end()));
      return true;
    });
    EXPECT_TRUE(ok.has_value()) << ok.error().message();
    return nodes;
  }

  Result<TempFolder> folder_ = TempFolder::make();
};

TEST_P(NativeMistakes, ChangeBitsFirstWhereTheyAreMade) {
  for (const uint64_t seed : {1, 2, 3, 4, 5}) {
    const Row& row = GetParam();
    NativeOptions options{
        .model_path = make(seed), .kv = row.kv, .n_ctx = 256, .n_batch = row.n_batch};
    const auto clean = make_native_engine(options);
    ASSERT_TRUE(clean.has_value()) << clean.error().message();
    options.faults = {GetParam().mistake};
    const auto planted = make_native_engine(options);
    if (!planted) {
      EXPECT_THAT(planted.error().what, testing::HasSubstr("needs a model with"));
      continue;
    }
    const auto right = nodes(**clean);
    const auto wrong = nodes(**planted);
    std::map<std::string, const std::vector<float>*> other;
    for (const auto& [name, data] : wrong) other.try_emplace(name, &data);
    std::string first;
    for (const auto& [name, data] : right) {
      const auto found = other.find(name);
      if (first.empty() && found != other.end() && first_difference(data, *found->second) != -1)
        first = name;
    }
    EXPECT_EQ(first, GetParam().first);
    EXPECT_NE(first_difference(right.back().second, wrong.back().second), -1) << "the same logits";
    return;
  }
  FAIL() << "no model of " << GetParam().architecture << " has what it bends";
}

INSTANTIATE_TEST_SUITE_P(Table, NativeMistakes, testing::ValuesIn(kRows), [](const auto& row) {
  std::string name = row.param.mistake;
  std::ranges::replace(name, '-', '_');
  return name;
});

TEST(NativeMistakesTable, IsWholeHere) {
  std::set<std::string_view> tested;
  for (const Row& row : kRows) EXPECT_TRUE(tested.insert(row.mistake).second) << row.mistake;
  for (const Mistake& mistake : mistakes())
    EXPECT_TRUE(tested.contains(mistake.name)) << mistake.name;
  EXPECT_EQ(tested.size(), mistakes().size());
}

TEST(NativeFaults, NothingFiresWithoutOne) {
  EXPECT_EQ(
      first_difference(rows_of(*make_tiny({}), tiny_ids(), 40), golden_logits("tiny-q8_0-kv-f16")),
      -1);
}

TEST(NativeFaults, AnUnknownNameListsThoseThereAre) {
  const auto engine =
      make_native_engine({.model_path = data_path("tiny-q8_0.gguf"), .faults = {"luck"}});
  ASSERT_FALSE(engine.has_value());
  EXPECT_EQ(engine.error().code, ExitCode::usage);
  EXPECT_EQ(engine.error().where, "engine native");
  EXPECT_THAT(engine.error().hint, testing::HasSubstr("rope-pairing"));
  EXPECT_THAT(engine.error().hint, testing::HasSubstr("missing-bos"));
}

}  // namespace
}  // namespace crossval
