#include "prompt/jinja_process.h"

#include <gmock/gmock.h>
#include <sys/stat.h>

#include <fstream>

#include "prompt/temp_file.h"

namespace crossval {
namespace {

using testing::HasSubstr;

// A shell script in the renderer's place.
class FakeRenderer {
 public:
  explicit FakeRenderer(const std::string& script)
      : file_("renderer.sh", "#!/bin/sh\n" + script + "\n"), path(file_.path) {
    ::chmod(path.c_str(), 0755);
  }

 private:
  const TempFile file_;

 public:
  const std::string& path;
};

std::string print(const std::string& reply) { return "/usr/bin/printf '%s' '" + reply + "'"; }

TemplateInput input() {
  return {.source = "S\"",
          .messages_json = R"([{"role":"user","content":"\u00e9"}])",
          .tools_json = "null",
          .bos_token = "<s>",
          .eos_token = "</s>",
          .add_generation_prompt = true,
          .now = 5};
}

Error error_of(const std::string& script,
               std::chrono::milliseconds timeout = std::chrono::seconds(20)) {
  const FakeRenderer fake(script);
  const auto text = jinja_process(fake.path, {}, timeout)(input());
  return text ? Error{ExitCode::ok, *text, "", ""} : text.error();
}

TEST(JinjaProcess, HandsOverHuggingFacesVariables) {
  const TempFile seen("request.json", "");
  const FakeRenderer fake("/bin/cat > " + seen.path + "; " + print(R"({"text": "a\nb"})"));
  EXPECT_EQ(jinja_process(fake.path)(input()).value(), "a\nb");
  std::ifstream file(seen.path);
  const std::string request{std::istreambuf_iterator<char>(file), {}};
  EXPECT_EQ(
      request,
      "{\"template\":\"S\\\"\",\"now\":5,\"variables\":{\"messages\":[{\"role\":\"user\","
      "\"content\":\"\u00e9\"}],\"tools\":null,\"documents\":null,\"add_generation_prompt\":true,"
      "\"bos_token\":\"<s>\",\"eos_token\":\"</s>\"}}");
}

TEST(JinjaProcess, TemplateErrorsAreTheModelFilesFault) {
  const Error error = error_of(print(R"({"error": "\n------\nUnexpected token"})"));
  EXPECT_EQ(error.code, ExitCode::bad_input_file);
  EXPECT_THAT(error.what, testing::EndsWith("rendered: Unexpected token"));
}

TEST(JinjaProcess, AnInterruptEndsIt) {
  std::stop_source source;
  source.request_stop();
  const FakeRenderer fake("exec /bin/sleep 60");
  EXPECT_EQ(jinja_process(fake.path, source.get_token())(input()).error().code,
            ExitCode::interrupted);
}

TEST(JinjaProcess, EveryWayToEndIsAnError) {
  EXPECT_THAT(error_of("kill -SEGV $$").what, HasSubstr("recurses too deeply"));
  EXPECT_THAT(error_of("kill -XCPU $$").what, HasSubstr("processor time"));
  EXPECT_THAT(error_of("kill -ABRT $$").what, HasSubstr("signal 6"));
  EXPECT_THAT(error_of("exec /bin/sleep 60", std::chrono::milliseconds(100)).what,
              HasSubstr("too long"));
  for (const char* reply : {"", "nonsense", "[]", "{}", R"({"text": 3})"}) {
    EXPECT_EQ(error_of(print(reply)).code, ExitCode::engine_failed) << reply;
  }
}

TEST(JinjaProcess, ARendererThatFailsIsNotTheModelFilesFault) {
  const Error loud = error_of("echo bad >&2; exit 1");
  EXPECT_EQ(loud.code, ExitCode::engine_failed);
  EXPECT_EQ(loud.what, "the template renderer failed with status 1: bad");
  EXPECT_THAT(loud.where, HasSubstr("renderer.sh"));
  EXPECT_EQ(error_of("exit 3").what, "the template renderer failed with status 3 and said nothing");
}

TEST(JinjaProcess, AMissingRendererIsAnError) {
  EXPECT_EQ(jinja_process("/no/such/renderer")(input()).error().code, ExitCode::engine_failed);
}

}  // namespace
}  // namespace crossval
