// Made-up I2_S models: the same weights in every layout and format, what the statistics say of
// them, and files that must be refused.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <limits>
#include <set>

#include "model/model.h"
#include "native/engine.h"
#include "synth/synth.h"

namespace crossval {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class I2sModels : public ::testing::Test {
 protected:
  void SetUp() override { fs::create_directories(dir_); }
  void TearDown() override { fs::remove_all(dir_); }

  std::string make(const char* type, I2sLayout layout = I2sLayout::x86,
                   const char* architecture = "bitnet-b1.58") {
    SynthOptions options;
    options.architecture = architecture;
    options.types = {find_weight_format(type)};
    options.layers = 2;
    options.embd = 256;
    options.heads = 4;
    options.kv_heads = 2;
    options.ff = 512;
    options.i2s_layout = layout;
    options.path = (dir_ / ("m" + std::to_string(++files_) + ".gguf")).string();
    const auto done = synthesize(options);
    EXPECT_TRUE(done) << done.error().message();
    return options.path;
  }

  /// The file with `value` written at `offset` into a tensor's data.
  template <class T>
  void damage(const std::string& path, const char* tensor, int64_t offset, T value) {
    const auto file = GgufFile::open(path);
    ASSERT_TRUE(file);
    const auto at = static_cast<int64_t>(file->find_tensor(tensor)->offset) + offset;
    std::fstream out(path, std::ios::binary | std::ios::in | std::ios::out);
    out.seekp(at).write(reinterpret_cast<const char*>(&value), sizeof value);
  }

  static Result<std::unique_ptr<Model>> load(const std::string& path,
                                             std::optional<I2sLayout> layout = std::nullopt) {
    const auto file = GgufFile::open(path);
    return file ? load_model(*file, layout) : tl::unexpected(file.error());
  }

  static std::vector<float> logits_of(const std::string& path,
                                      std::optional<I2sLayout> layout = std::nullopt) {
    const auto engine = make_native_engine({.model_path = path, .n_ctx = 64, .i2s_layout = layout});
    EXPECT_TRUE(engine) << engine.error().message();
    std::vector<float> logits;
    const std::vector<TokenId> ids = {5, 80, 33, 260, 17, 100, 41, 9};
    EXPECT_TRUE((*engine)->evaluate({.ids = ids}, [&](int32_t, const Row& row) {
      logits.insert(logits.end(), row.logits.begin(), row.logits.end());
      return true;
    }));
    return logits;
  }

  fs::path dir_ =
      fs::path(::testing::TempDir()) /
      ("i2s-" + std::string(::testing::UnitTest::GetInstance()->current_test_info()->name()));
  int files_ = 0;
};

TEST_F(I2sModels, StatisticsTellEachLayoutAndAllHaveTheSameLogits) {
  const std::vector<float> expected = logits_of(make("I2_S"));
  for (const I2sLayout layout : kI2sLayouts) {
    const std::string path = make("I2_S", layout);
    const auto model = load(path);
    ASSERT_TRUE(model) << model.error().message();
    ASSERT_TRUE((*model)->i2s);
    EXPECT_EQ((*model)->i2s->layout, layout) << (*model)->i2s->why;
    EXPECT_TRUE((*model)->i2s->decided);
    EXPECT_THAT((*model)->i2s->why, HasSubstr("by statistics"));
    EXPECT_EQ(logits_of(path), expected) << i2s_layout_name(layout);
  }
}

TEST_F(I2sModels, AnotherLayoutThanTheFilesGivesOtherLogits) {
  const std::string path = make("I2_S");
  EXPECT_EQ(logits_of(path), logits_of(path, I2sLayout::x86));
  EXPECT_NE(logits_of(path), logits_of(path, I2sLayout::arm));
  EXPECT_NE(logits_of(path), logits_of(path, I2sLayout::x86_rows));
}

TEST_F(I2sModels, WithoutStructureX86IsTakenWithAWarning) {
  const std::string path = make("I2_S", I2sLayout::arm, "llama");  // independent weights
  const auto engine = make_native_engine({.model_path = path});
  ASSERT_TRUE(engine) << engine.error().message();
  EXPECT_EQ((*engine)->info().settings.i2s_layout, "x86");
  ASSERT_EQ((*engine)->info().warnings.size(), 1U);
  EXPECT_EQ((*engine)->info().warnings[0].name, "i2s-layout");
  EXPECT_THAT((*engine)->info().warnings[0].message, HasSubstr("--i2s-layout"));

  const auto asked = make_native_engine({.model_path = path, .i2s_layout = I2sLayout::arm});
  ASSERT_TRUE(asked);
  EXPECT_EQ((*asked)->info().settings.i2s_layout, "arm");
  EXPECT_TRUE((*asked)->info().warnings.empty());
  const auto decided = make_native_engine({.model_path = make("I2_S")});
  ASSERT_TRUE(decided);
  EXPECT_TRUE((*decided)->info().warnings.empty());
  const auto other = make_native_engine({.model_path = make("TQ2_0")});
  ASSERT_TRUE(other);
  EXPECT_EQ((*other)->info().settings.i2s_layout, "");
  EXPECT_TRUE((*other)->info().warnings.empty());
}

TEST_F(I2sModels, ALayoutThatNothingHasIsWarnedAbout) {
  const auto engine =
      make_native_engine({.model_path = make("TQ2_0"), .i2s_layout = I2sLayout::arm});
  ASSERT_TRUE(engine);
  ASSERT_EQ((*engine)->info().warnings.size(), 1U);
  EXPECT_EQ((*engine)->info().warnings[0].name, "i2s-layout-without-effect");
}

TEST_F(I2sModels, EveryFormatHoldsTheSameValues) {
  const auto values_of = [&](const char* type) {
    std::vector<float> values;
    const auto model = load(make(type));
    EXPECT_TRUE(model) << model.error().message();
    for (const Layer& layer : (*model)->weights.layers) {
      for (const Linear* linear : {&layer.wq, &layer.wo, &layer.gate, &layer.down}) {
        const Matrix& matrix = linear->matrix;
        EXPECT_EQ(matrix.format->name, type);
        std::vector<float> row(static_cast<size_t>(matrix.cols));
        for (int64_t r = 0; r < matrix.rows; ++r) {
          matrix.decode_row(r, row.data());
          values.insert(values.end(), row.begin(), row.end());
        }
      }
    }
    return values;
  };
  const std::vector<float> expected = values_of("I2_S");
  EXPECT_EQ(expected.size(), 2U * (2 * 256 * 256 + 2 * 256 * 512));
  for (const char* type : {"TQ1_0", "TQ2_0", "F16", "F32"}) EXPECT_EQ(values_of(type), expected);
}

TEST_F(I2sModels, EachTensorHasAScaleOfItsOwn) {
  const auto file = GgufFile::open(make("I2_S"));
  ASSERT_TRUE(file);
  std::set<float> scales;
  int tensors = 0;
  for (const GgufTensor& tensor : file->tensors()) {
    if (tensor.type_id != static_cast<uint32_t>(WeightType::i2_s)) continue;
    ++tensors;
    const auto bytes = tensor.data;
    scales.insert(
        weight_format(WeightType::i2_s).tensor_scale(bytes.data(), tensor.ne[0] * tensor.ne[1]));
  }
  EXPECT_EQ(tensors, 2 * 7);
  EXPECT_EQ(scales.size(), 2U * 7U);
}

TEST_F(I2sModels, AScaleThatIsNoneIsRefusedByName) {
  constexpr const char* kTensor = "blk.1.ffn_up.weight";
  constexpr int64_t kScale = 256 * 512 / 4;
  for (const float scale : {0.0F, -0.5F, 1e-9F, std::numeric_limits<float>::infinity(),
                            std::numeric_limits<float>::quiet_NaN()}) {
    const std::string path = make("I2_S");
    damage(path, kTensor, kScale, scale);
    const auto model = load(path);
    ASSERT_FALSE(model) << scale;
    EXPECT_EQ(model.error().code, ExitCode::bad_input_file);
    EXPECT_THAT(model.error().what, HasSubstr("I2_S scale is"));
    EXPECT_THAT(model.error().where, HasSubstr(kTensor));
  }
  const std::string path = make("I2_S");
  damage(path, kTensor, kScale, 0.01F);  // another, but a scale
  EXPECT_TRUE(load(path));
}

TEST_F(I2sModels, CodeThreeIsRefusedByName) {
  const std::string path = make("I2_S");
  damage(path, "blk.0.attn_v.weight", 17, uint8_t{0b01'11'01'01});
  const auto model = load(path);
  ASSERT_FALSE(model);
  EXPECT_THAT(model.error().what, HasSubstr("byte 17 holds code 3"));
  EXPECT_THAT(model.error().where, HasSubstr("blk.0.attn_v.weight"));
}

TEST_F(I2sModels, WidthsAreMultiplesOf128) {
  SynthOptions options;
  options.architecture = "bitnet-b1.58";
  options.types = {find_weight_format("I2_S")};
  options.embd = 320;
  options.heads = 5;
  options.kv_heads = 5;
  options.path = (dir_ / "narrow.gguf").string();
  const auto done = synthesize(options);
  ASSERT_FALSE(done);
  EXPECT_THAT(done.error().what, HasSubstr("128 of a I2_S block"));
}

TEST_F(I2sModels, LayoutX86RowsNeedsRowsInFours) {
  SynthOptions options;
  options.types = {
      find_weight_format("I2_S")};  // the embedding too: one row for each of 350 tokens
  options.i2s_layout = I2sLayout::x86_rows;
  options.path = (dir_ / "rows.gguf").string();
  const auto done = synthesize(options);
  ASSERT_FALSE(done);
  EXPECT_THAT(done.error().what, HasSubstr("no multiple of the 4"));
  const auto model = load(make("I2_S", I2sLayout::x86, "llama"), I2sLayout::x86_rows);
  ASSERT_FALSE(model);
  EXPECT_THAT(model.error().what, HasSubstr("no multiple of the 4"));
}

}  // namespace
}  // namespace crossval
