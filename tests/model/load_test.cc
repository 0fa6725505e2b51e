// What a model file must hold: a sound one, and the same with one thing wrong.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <functional>
#include <iterator>
#include <limits>

#include "model/model.h"

namespace crossval {
namespace {

int files_written = 0;

using testing::HasSubstr;

/// The bytes of tests/data/native/tiny-q8_0.gguf (tests/golden/make_native_golden.py), to be
/// damaged.
class ModelBytes {
 public:
  ModelBytes() {
    std::ifstream file(std::string(CROSSVAL_TESTDATA) + "/native/tiny-q8_0.gguf", std::ios::binary);
    bytes_.assign(std::istreambuf_iterator<char>(file), {});
    EXPECT_FALSE(bytes_.empty());
  }

  /// Puts `to` in the place of the first `from`; both have the same length.
  void rename(const std::string& from, const std::string& to) {
    EXPECT_EQ(from.size(), to.size());
    bytes_.replace(find(from), from.size(), to);
  }
  /// The bytes of a key's type, then of its value, follow its name.
  template <class T>
  void set_value(const std::string& key, T value) {
    put(find(key) + key.size() + 4, value);
  }
  void set_value_type(const std::string& key, uint32_t type) { put(find(key) + key.size(), type); }
  /// The type id of a tensor follows its name, number of dimensions and `dims` dimensions.
  void set_tensor_type(const std::string& tensor, int dims, uint32_t type) {
    put(find(tensor) + tensor.size() + 4 + 8 * static_cast<size_t>(dims), type);
  }

  Result<std::unique_ptr<Model>> load() const {
    const std::string path =
        fmt::format("{}/model-{}-{}.gguf", testing::TempDir(), ::getpid(), ++files_written);
    std::ofstream(path, std::ios::binary) << bytes_;
    const auto file = GgufFile::open(path);  // stays mapped when the name is gone
    std::remove(path.c_str());
    return file ? load_model(*file) : tl::unexpected(file.error());
  }

 private:
  size_t find(const std::string& text) const {
    const size_t at = bytes_.find(text);
    EXPECT_NE(at, std::string::npos) << text;
    return at;
  }
  template <class T>
  void put(size_t at, T value) {
    bytes_.replace(at, sizeof value, reinterpret_cast<const char*>(&value), sizeof value);
  }

  std::string bytes_;
};

TEST(LoadModel, ASoundFileGivesWhatItsMakerWrote) {
  const auto model = ModelBytes().load();
  ASSERT_TRUE(model.has_value()) << model.error().message();
  const Hparams& h = (*model)->hparams;
  EXPECT_EQ(h.architecture, "llama");
  EXPECT_EQ(h.n_layer, 2);
  EXPECT_EQ(h.n_embd, 64);
  for (const LayerKind& layer : h.layers) {
    EXPECT_EQ(layer.n_ff, 96);
    EXPECT_EQ(layer.n_head, 4);
    EXPECT_EQ(layer.n_head_kv, 2);
  }
  EXPECT_EQ(h.head_dim_k, 16);
  EXPECT_EQ(h.n_vocab, 40);
  EXPECT_EQ(h.n_ctx_train, 256);
  EXPECT_EQ(h.norm_eps, 1e-5F);
  EXPECT_EQ(h.rope.base, 10000.0F);
  EXPECT_EQ(h.rope.n_rot, 16);
  EXPECT_THAT((*model)->describe(), HasSubstr("llama, 2 layers"));
  EXPECT_THAT((*model)->describe(), HasSubstr("k parameters"));  // small ones are not "0M"
  EXPECT_THAT((*model)->describe(), HasSubstr("Q8_0"));
}

struct Damage {
  const char* name;
  std::function<void(ModelBytes&)> apply;
  const char* what;
  const char* where;
};

constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();
constexpr uint32_t kF16 = 1, kUnknown = 199;  // tensor types
constexpr uint32_t kGgufF32 = 6;              // a value type

const Damage kDamages[] = {
    {"Architecture", [](ModelBytes& m) { m.rename("llama", "lorem"); },
     "architecture lorem is not supported", ""},
    {"KeyMissing", [](ModelBytes& m) { m.rename("llama.block_count", "llama.block_xxxxx"); },
     "key is missing", "llama.block_count"},
    {"KeyOfAnotherKind",
     [](ModelBytes& m) { m.set_value_type("llama.embedding_length", kGgufF32); },
     "an f32 where an integer belongs", "llama.embedding_length"},
    {"NoLayers", [](ModelBytes& m) { m.set_value<uint32_t>("llama.block_count", 0); },
     "block_count is 0", "llama.*"},
    {"AbsurdWidth", [](ModelBytes& m) { m.set_value("llama.embedding_length", 0xFFFFFFFFU); },
     "is 4294967295", "llama.*"},
    {"HeadsDoNotShare",
     [](ModelBytes& m) { m.set_value<uint32_t>("llama.attention.head_count_kv", 3); },
     "4 heads cannot share 3", "llama.*"},
    {"OddRotation", [](ModelBytes& m) { m.set_value<uint32_t>("llama.rope.dimension_count", 15); },
     "rope.dimension_count is 15", "llama.*"},
    {"RotationWiderThanHead",
     [](ModelBytes& m) { m.set_value<uint32_t>("llama.rope.dimension_count", 18); },
     "18 is not in 0…16", "llama.rope.dimension_count"},
    {"RotationOfBillions",
     [](ModelBytes& m) { m.set_value("llama.rope.dimension_count", 0xFF0000D1U); },
     "4278190289 is not in 0…16", "llama.rope.dimension_count"},
    {"BillionsOfLayers", [](ModelBytes& m) { m.set_value("llama.block_count", 0xFFFFFFFFU); },
     "4294967295 is not in 0…4096", "llama.block_count"},
    {"Epsilon", [](ModelBytes& m) { m.set_value("llama.attention.layer_norm_rms_epsilon", kNaN); },
     "epsilon is nan", "llama.*"},
    {"RopeBase", [](ModelBytes& m) { m.set_value("llama.rope.freq_base", -1.0F); },
     "freq_base is -1", "llama.*"},
    {"TensorMissing", [](ModelBytes& m) { m.rename("blk.1.ffn_up.weight", "blk.9.ffn_up.weight"); },
     "is missing", "tensor blk.1.ffn_up.weight"},
    {"NormMissing", [](ModelBytes& m) { m.rename("output_norm.weight", "output_mron.weight"); },
     "is missing", "tensor output_norm.weight"},
    {"Shape", [](ModelBytes& m) { m.set_value<uint32_t>("llama.feed_forward_length", 64); },
     "the tensor is 64 x 96, expected 64 x 64", "tensor blk.0.ffn_gate.weight"},
    {"NormType", [](ModelBytes& m) { m.set_tensor_type("blk.0.ffn_norm.weight", 1, kF16); },
     "type 1 where F32 is needed", "tensor blk.0.ffn_norm.weight"},
    {"WeightType", [](ModelBytes& m) { m.set_tensor_type("blk.1.attn_v.weight", 2, kUnknown); },
     "weight type 199 is not supported: a format of ik_llama.cpp", "tensor blk.1.attn_v.weight"},
    {"ForeignType", [](ModelBytes& m) { m.set_tensor_type("blk.1.attn_v.weight", 2, 38); },
     "weight type 38 is not supported: TL1 in bitnet.cpp", "tensor blk.1.attn_v.weight"},
};

class LoadDamaged : public testing::TestWithParam<Damage> {};

TEST_P(LoadDamaged, IsRefusedWithItsPlace) {
  ModelBytes bytes;
  GetParam().apply(bytes);
  const auto model = bytes.load();
  ASSERT_FALSE(model.has_value());
  EXPECT_EQ(model.error().code, ExitCode::bad_input_file);
  EXPECT_THAT(model.error().what, HasSubstr(GetParam().what));
  EXPECT_THAT(model.error().where, HasSubstr(".gguf"));
  EXPECT_THAT(model.error().where, HasSubstr(GetParam().where));
}

INSTANTIATE_TEST_SUITE_P(Each, LoadDamaged, testing::ValuesIn(kDamages),
                         [](const auto& param) { return std::string(param.param.name); });

TEST(LoadModel, WhatIsNotSupportedNamesWhatIs) {
  ModelBytes other;
  other.rename("llama", "lorem");
  EXPECT_THAT(other.load().error().hint, HasSubstr("llama"));
  ModelBytes type;
  type.set_tensor_type("blk.1.attn_v.weight", 2, kUnknown);
  EXPECT_THAT(type.load().error().hint, HasSubstr("Q8_0"));
}

}  // namespace
}  // namespace crossval
