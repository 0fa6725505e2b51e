#include "launch/model_files.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "base/temp_folder.h"

namespace crossval {
namespace {

namespace fs = std::filesystem;

class ModelFilesTest : public testing::Test {
 protected:
  const std::string model_ = CROSSVAL_TESTDATA "/native/tiny-f16.gguf";
  const std::string other_ = CROSSVAL_TESTDATA "/native/tiny-q8_0.gguf";

  std::string copy() const {
    const std::string path = folder_->path() + "/copy.gguf";
    fs::copy_file(model_, path, fs::copy_options::overwrite_existing);
    return path;
  }
  ModelFiles compare(const std::string& a, const std::string& b) const {
    auto models = compare_model_files(a, b, {}, cache(), {});
    EXPECT_TRUE(models.has_value());
    return models ? *models : ModelFiles{};
  }
  std::string cache() const { return folder_->path() + "/cache"; }

  Result<TempFolder> folder_ = TempFolder::make();
};

TEST_F(ModelFilesTest, OneFileUnderTwoNamesIsNotRead) {
  const std::string link = folder_->path() + "/link.gguf";
  fs::create_symlink(model_, link);
  for (const std::string& name : {model_, link}) {
    const ModelFiles models = compare(model_, name);
    EXPECT_TRUE(models.same);
    EXPECT_EQ(models.how, "one file");
    ASSERT_EQ(models.candidate.size(), 1U);
    EXPECT_EQ(models.candidate[0].bytes, fs::file_size(model_));
    EXPECT_EQ(models.candidate[0].sha256, "");
  }
  EXPECT_FALSE(fs::exists(cache()));
}

TEST_F(ModelFilesTest, ACopyIsTheSameModel) {
  const ModelFiles models = compare(model_, copy());
  EXPECT_TRUE(models.same);
  EXPECT_EQ(models.how, "two files with the same SHA-256");
  EXPECT_EQ(models.candidate[0].sha256.size(), 64U);
  EXPECT_EQ(models.candidate[0].sha256, models.reference[0].sha256);
}

TEST_F(ModelFilesTest, OneByteMakesAnotherModel) {
  const std::string changed = copy();
  std::fstream file(changed, std::ios::in | std::ios::out | std::ios::binary);
  file.seekg(-1, std::ios::end);
  const int last = file.get();
  file.seekp(-1, std::ios::end);
  file.put(static_cast<char>(last ^ 1));
  file.close();
  const ModelFiles models = compare(model_, changed);
  EXPECT_FALSE(models.same);
  EXPECT_EQ(models.how, "files of different SHA-256");
  EXPECT_NE(models.candidate[0].sha256, models.reference[0].sha256);
}

TEST_F(ModelFilesTest, DifferentSizesNeedNoLook) {
  const ModelFiles models = compare(model_, other_);
  EXPECT_FALSE(models.same);
  EXPECT_EQ(models.how, "files of different sizes");
  EXPECT_FALSE(fs::exists(cache()));
}

TEST_F(ModelFilesTest, AFileThatIsNoModelIsAnError) {
  EXPECT_EQ(compare_model_files(model_, "no-such.gguf", {}, cache(), {}).error().code,
            ExitCode::bad_input_file);
}

}  // namespace
}  // namespace crossval
