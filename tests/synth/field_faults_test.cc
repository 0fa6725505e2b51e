// A kernel that reads a field of a block wrongly gives clearly other logits on a made-up model: the
// fault is planted into the blocks of one matrix of one side's file.
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>

#include "gguf/file.h"
#include "native/engine.h"
#include "quant/block_fields.h"
#include "synth/synth.h"

namespace crossval {
namespace {

namespace fs = std::filesystem;

constexpr const char* kTensor = "blk.0.ffn_up.weight";
constexpr double kCaught = 1e-3;  // |difference| / |logits|

/// What a wrong kernel reads as element `element` of a block. The neighbouring block is behind it.
struct FieldFault {
  std::string name;
  const BlockField* field;
  std::function<uint32_t(const uint8_t* block, int element)> read;
};

FieldFault stuck(const BlockField& field, int bit, bool at) {
  const uint32_t mask = 1U << bit;
  return {std::string(field.name) + " bit " + std::to_string(bit) + (at ? " is 1" : " is 0"),
          &field, [&field, mask, at](const uint8_t* block, int element) {
            const uint32_t value = field.get(block, element);
            return at ? value | mask : value & ~mask;
          }};
}

FieldFault neighbour(const BlockField& field, int block_bytes) {
  return {std::string(field.name) + " of the neighbour", &field,
          [&field, block_bytes](const uint8_t* block, int element) {
            return field.count == 1 ? field.get(block + block_bytes, 0)
                                    : field.get(block, (element + 1) % field.count);
          }};
}

FieldFault swapped(const BlockField& field, const BlockField& other) {
  return {std::string(field.name) + " is read from " + std::string(other.name), &field,
          [&field, &other](const uint8_t* block, int element) {
            return other.get(block, element * other.count / field.count);
          }};
}

/// Bits whose loss is to be seen; the lowest of a mantissa are worth less than kCaught.
std::vector<int> bits_of(const BlockField& field) {
  switch (field.kind) {
    case FieldKind::half:
    case FieldKind::half_min:
      return {9, 10, 15};  // mantissa, exponent, sign
    case FieldKind::e8m0:
      return {0, 1};
    case FieldKind::ue4m3:
      return {0, 2};
    case FieldKind::floats:
      return {field.name == "exponent" ? 0 : field.bits - 1};
    default:
      return {0, field.bits - 1};
  }
}

bool is_half(const BlockField& field) {
  return field.kind == FieldKind::half || field.kind == FieldKind::half_min;
}

std::vector<FieldFault> faults_of(const WeightFormat& format) {
  std::vector<FieldFault> faults;
  for (const BlockField& field : block_fields(format.type)) {
    if (field.kind == FieldKind::unused) continue;
    for (const int bit : bits_of(field)) {
      faults.push_back(stuck(field, bit, false));
      faults.push_back(stuck(field, bit, true));
    }
    faults.push_back(neighbour(field, format.block_bytes));
    for (const BlockField& other : block_fields(format.type)) {
      if (&other == &field || other.kind == FieldKind::unused) continue;
      if (is_half(other) == is_half(field)) faults.push_back(swapped(field, other));
    }
  }
  return faults;
}

class FieldFaults : public testing::TestWithParam<WeightFormat> {
 protected:
  void SetUp() override {
    fs::create_directories(dir_);
    SynthOptions options;
    options.types = {&GetParam()};
    options.layers = 1;
    options.embd = 256;
    options.heads = 4;
    options.ff = 512;
    options.path = (dir_ / "m.gguf").string();
    const auto made = synthesize(options);
    ASSERT_TRUE(made) << made.error().message();
    const auto file = GgufFile::open(options.path);
    ASSERT_TRUE(file);
    const GgufTensor* tensor = file->find_tensor(kTensor);
    ASSERT_NE(tensor, nullptr);
    first_ = static_cast<size_t>(tensor->offset);
    blocks_ = static_cast<int>(tensor->ne[0] * tensor->ne[1]) / GetParam().block_elements;
    std::ifstream in(options.path, std::ios::binary);
    bytes_.assign(std::istreambuf_iterator<char>(in), {});
    logits_ = logits_of(options.path);
  }
  void TearDown() override { fs::remove_all(dir_); }

  /// |difference| / |logits| with the fault in every block; infinite when they are no numbers.
  double effect(const FieldFault& fault) const {
    std::vector<char> bytes = bytes_;
    auto* block = reinterpret_cast<uint8_t*>(bytes.data()) + first_;
    const auto* sound = reinterpret_cast<const uint8_t*>(bytes_.data()) + first_;
    for (int b = 0; b + 1 < blocks_; ++b) {
      for (int e = 0; e < fault.field->count; ++e) {
        const uint32_t read = fault.read(sound, e);  // no code that the file's reader refuses
        fault.field->set(block, e, std::min(read, static_cast<uint32_t>(fault.field->values - 1)));
      }
      block += GetParam().block_bytes;
      sound += GetParam().block_bytes;
    }
    const std::string path = (dir_ / "faulty.gguf").string();
    std::ofstream(path, std::ios::binary)
        .write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    const std::vector<float> faulty = logits_of(path);
    double difference = 0;
    double size = 0;
    for (size_t i = 0; i < logits_.size(); ++i) {
      difference += std::pow(double{faulty[i]} - double{logits_[i]}, 2);
      size += double{logits_[i]} * double{logits_[i]};
    }
    return std::isfinite(difference) ? std::sqrt(difference / size) : INFINITY;
  }

  static std::vector<float> logits_of(const std::string& path) {
    const auto engine = make_native_engine({.model_path = path, .n_ctx = 32});
    EXPECT_TRUE(engine) << engine.error().message();
    std::vector<float> logits;
    const std::vector<TokenId> ids = {5, 80, 33, 260};
    EXPECT_TRUE((*engine)->evaluate({.ids = ids}, [&](int32_t, const Row& row) {
      logits.insert(logits.end(), row.logits.begin(), row.logits.end());
      return true;
    }));
    return logits;
  }

  fs::path dir_ = fs::path(testing::TempDir()) /
                  ("field-faults-" + std::string(GetParam().name) + "-" + std::to_string(getpid()));
  size_t first_ = 0;  // byte of the tensor
  int blocks_ = 0;
  std::vector<char> bytes_;
  std::vector<float> logits_;
};

TEST_P(FieldFaults, EachIsCaught) {
  for (const FieldFault& fault : faults_of(GetParam())) {
    EXPECT_GT(effect(fault), kCaught) << fault.name;
  }
}

TEST_P(FieldFaults, AKernelThatReadsRightIsSilent) {
  const BlockField& field = block_fields(GetParam().type).front();
  EXPECT_EQ(effect({"none", &field, [&](const uint8_t* b, int e) { return field.get(b, e); }}), 0);
}

INSTANTIATE_TEST_SUITE_P(All, FieldFaults,
                         testing::ValuesIn(weight_formats().begin(), weight_formats().end()),
                         [](const auto& test) { return std::string(test.param.name); });

}  // namespace
}  // namespace crossval
