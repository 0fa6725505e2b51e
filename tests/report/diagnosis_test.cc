#include "report/json/diagnosis.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "report/text/diagnosis.h"

namespace crossval {
namespace {

Diagnosis three_states() {
  return {{{"kernels", CheckState::ok, "avx2"},
           {"templates", CheckState::warning, "no renderer", "Run: make reference"},
           {"reference", CheckState::problem, "it ended at once", "its last words\nRun: something",
            ExitCode::engine_failed}}};
}

TEST(DiagnosisReport, Text) {
  EXPECT_EQ(diagnosis_text(three_states(), {}),
            "ok         kernels: avx2\n"
            "warning    templates: no renderer\n"
            "           Run: make reference\n"
            "problem    reference: it ended at once\n"
            "           its last words\n"
            "           Run: something\n");
}

TEST(DiagnosisReport, Json) {
  const auto json = nlohmann::json::parse(diagnosis_json(three_states()));
  EXPECT_EQ(json["status"], "problem");
  EXPECT_EQ(json["exit_code"], 4);
  ASSERT_EQ(json["checks"].size(), 3U);
  EXPECT_EQ(json["checks"][1], (nlohmann::json{{"name", "templates"},
                                               {"state", "warning"},
                                               {"detail", "no renderer"},
                                               {"repair", "Run: make reference"}}));
  Diagnosis fine = three_states();
  fine.checks.pop_back();
  const auto good = nlohmann::json::parse(diagnosis_json(fine));
  EXPECT_EQ(good["status"], "ok");
  EXPECT_EQ(good["exit_code"], 0);
}

}  // namespace
}  // namespace crossval
