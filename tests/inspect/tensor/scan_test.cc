#include "inspect/tensor/scan.h"

#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <limits>

#include "gguf/writer.h"
#include "inspect/inspect.h"
#include "inspect/tensor/distribution.h"

namespace crossval {
namespace {

/// A file with one F32 tensor "t" of `width` columns.
class OneTensor {
 public:
  OneTensor(int64_t width, const std::vector<float>& values) {
    const int64_t ne[] = {width, static_cast<int64_t>(values.size()) / width};
    GgufWriter writer(path_);
    writer.add_tensor("t", 0, ne, values.size() * sizeof(float));
    EXPECT_TRUE(writer.start());
    EXPECT_TRUE(writer.write(std::as_bytes(std::span(values))));
    EXPECT_TRUE(writer.finish());
  }
  ~OneTensor() { std::filesystem::remove(path_); }

  TensorScan scan(int threads = 1) const {
    const auto file = GgufFile::open(path_);
    EXPECT_TRUE(file);
    ThreadPool pool(threads);
    return scan_tensor(*values_of(*file, file->tensors()[0]), pool);
  }
  TensorInspection inspect() const {
    const auto found = inspect_tensor(path_, "t", 1);
    EXPECT_TRUE(found);
    return *found;
  }

 private:
  std::string path_ = testing::TempDir() + "scan-" +
                      testing::UnitTest::GetInstance()->current_test_info()->name() + ".gguf";
};

TEST(Scan, FiguresByHand) {
  constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();
  constexpr float kInf = std::numeric_limits<float>::infinity();
  const TensorScan scan = OneTensor(4, {1, -3, 0, 0,  //
                                        0, 0, 0, 0,   //
                                        kNaN, 2, kInf, 4})
                              .scan();
  EXPECT_EQ(scan.values.values, 12);
  EXPECT_EQ(scan.values.zeros, 6);
  EXPECT_EQ(scan.values.non_finite, 2);
  EXPECT_EQ(scan.values.min, -3);
  EXPECT_EQ(scan.values.max, 4);
  EXPECT_DOUBLE_EQ(scan.values.mean, 4.0 / 10);
  EXPECT_DOUBLE_EQ(scan.values.rms, std::sqrt(30.0 / 10));
  EXPECT_EQ(scan.zero_rows, 1);
  EXPECT_EQ(scan.first_zero_rows, std::vector<int64_t>{1});
  EXPECT_EQ(scan.first_non_finite_row, 2);
}

TEST(Scan, ALargeBlockIsMeasuredInMedianBlocks) {
  std::vector<float> values(32 * 9, 0.3F);  // the median block's power of two: 0.25
  values[32 * 4 + 5] = -100.0F;
  const TensorScan scan = OneTensor(32, values).scan();
  EXPECT_EQ(scan.blocks.largest, 100);
  EXPECT_EQ(scan.blocks.largest_row, 4);
  EXPECT_EQ(scan.blocks.largest_in_medians(), 400);
}

TEST(Scan, TheSameWithAnyNumberOfThreads) {
  std::vector<float> values(1 << 22);
  for (size_t i = 0; i < values.size(); ++i) values[i] = std::sin(static_cast<float>(i));
  const OneTensor tensor(1 << 10, values);
  const ValueSummary one = tensor.scan(1).values;
  const ValueSummary three = tensor.scan(3).values;
  EXPECT_EQ(one.mean, three.mean);
  EXPECT_EQ(one.rms, three.rms);
  EXPECT_EQ(one.values, 1 << 22);
}

TEST(Distribution, QuantilesAreValuesOfTheTensor) {
  std::vector<float> values;
  for (int i = 0; i <= 1000; ++i) values.push_back(static_cast<float>((i * 5) % 1001) - 500.0F);
  const TensorInspection found = OneTensor(1001, values).inspect();
  ASSERT_EQ(found.quantiles.size(), 11U);
  EXPECT_EQ(found.quantiles[0].second, -500);
  EXPECT_EQ(found.quantiles[1].second, -499);  // rank 1 of 1,001 values
  EXPECT_EQ(found.quantiles[5].second, 0);
  EXPECT_EQ(found.quantiles[10].second, 500);
  EXPECT_EQ(found.low, -499);
  EXPECT_EQ(found.high, 499);
  EXPECT_EQ(found.below, 1);
  EXPECT_EQ(found.above, 1);
  int64_t sum = 0;
  for (const int64_t bin : found.bins) sum += bin;
  EXPECT_EQ(sum, 999);
}

TEST(Distribution, NothingWithoutFiniteValues) {
  const std::vector<float> values(4, std::numeric_limits<float>::quiet_NaN());
  const TensorInspection found = OneTensor(4, values).inspect();
  EXPECT_TRUE(found.quantiles.empty());
  EXPECT_TRUE(found.bins.empty());
  EXPECT_EQ(found.tensor.values->non_finite, 4);
}

}  // namespace
}  // namespace crossval
