// The commands that lead back to a sound reference, for every way in which another one was chosen.
#include "launch/reference/repair.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <optional>

#include "base/temp_folder.h"
#include "launch/reference/program.h"

namespace crossval {
namespace {

using ::testing::MatchesRegex;
using ::testing::StartsWith;

constexpr const char* kMake = "make -C '/.*' reference";

class ReferenceRepair : public ::testing::Test {
 protected:
  void SetUp() override {
    set("CROSSVAL_CACHE", folder_->path() + "/cache");  // nothing is built there
    for (const char* name : {"CROSSVAL_WORKER", "CROSSVAL_JINJA", "LLAMA_CPP_DIR"}) set(name, {});
  }
  void TearDown() override {
    for (const auto& [name, value] : before_) put(name, value);
  }
  void set(const char* name, std::optional<std::string> value) {
    const char* old = std::getenv(name);
    before_.try_emplace(name, old == nullptr ? std::nullopt : std::optional<std::string>(old));
    put(name, value);
  }

  Result<TempFolder> folder_ = TempFolder::make();

 private:
  static void put(const char* name, const std::optional<std::string>& value) {
    value ? ::setenv(name, value->c_str(), 1) : ::unsetenv(name);
  }
  std::map<const char*, std::optional<std::string>> before_;
};

TEST_F(ReferenceRepair, OneCommandForAnyFolder) {
  EXPECT_THAT(reference_build(), MatchesRegex(std::string("Run: ") + kMake));
  const std::string tree = folder_->path() + "/it's here";
  EXPECT_EQ(reference_build_in(tree, ""), "crossval's source tree is gone from " + tree +
                                              ": put it back, or build crossval from another one, "
                                              "and run there: make reference");
  std::filesystem::create_directories(tree + "/scripts");
  std::ofstream(tree + "/scripts/reference.sh").close();
  EXPECT_EQ(reference_build_in(tree, ""),  // installed: no Makefile
            "Run: '" + folder_->path() + "/it'\\''s here/scripts/reference.sh' worker && '" +
                folder_->path() + "/it'\\''s here/scripts/reference.sh' jinja");
  std::ofstream(tree + "/Makefile").close();
  EXPECT_EQ(reference_build_in(tree, "unset A; "),
            "Run: unset A; make -C '" + folder_->path() + "/it'\\''s here' reference");
}

TEST_F(ReferenceRepair, OfTheDefaultReference) {
  EXPECT_TRUE(is_default_reference({"llama.cpp", {{"threads", "2"}}}));
  EXPECT_THAT(reference_repair({"llama.cpp", {}}, ""), MatchesRegex(std::string("Run: ") + kMake));
  EXPECT_THAT(reference_repair({"llama.cpp", {}}, "/c/programs/w-1/worker"),
              MatchesRegex(std::string("Run: rm -r '/c/programs/w-1'; ") + kMake));
}

TEST_F(ReferenceRepair, OfOneThatTheSpecNames) {
  for (const EngineSpec& spec :
       {EngineSpec{"native", {}}, EngineSpec{"llama.cpp", {{"worker", "/w"}}},
        EngineSpec{"llama.cpp", {{"src", "/s"}}}, EngineSpec{"llama.cpp", {{"build", "/b"}}},
        EngineSpec{"llama.cpp", {{"release", "1"}}},
        EngineSpec{"llama.cpp", {{"profile", "production"}}}}) {
    EXPECT_FALSE(is_default_reference(spec));
    EXPECT_THAT(reference_repair(spec, "/w"),
                MatchesRegex(std::string("Leave --reference out. Run: ") + kMake));
  }
}

TEST_F(ReferenceRepair, OfOneThatTheEnvironmentNames) {
  set("LLAMA_CPP_DIR", "/s");
  EXPECT_FALSE(is_default_reference({"llama.cpp", {}}));
  EXPECT_THAT(reference_repair({"llama.cpp", {}}, "/w"),
              StartsWith("Run: unset LLAMA_CPP_DIR; make -C '/"));
  set("CROSSVAL_WORKER", "/w");
  EXPECT_THAT(reference_repair({"llama.cpp", {{"src", "/s"}}}, "/w"),
              StartsWith("Leave --reference out. Run: unset CROSSVAL_WORKER LLAMA_CPP_DIR; make"));
}

TEST_F(ReferenceRepair, OfTheRenderer) {
  EXPECT_THAT(renderer_repair(""), MatchesRegex(std::string("Run: ") + kMake));
  EXPECT_THAT(renderer_repair("/c/jinja-1/crossval-jinja"),
              StartsWith("Run: rm -r '/c/jinja-1'; make -C '/"));
  set("CROSSVAL_JINJA", "/j");
  EXPECT_THAT(renderer_repair("/j"), StartsWith("Run: unset CROSSVAL_JINJA; make -C '/"));
}

}  // namespace
}  // namespace crossval
