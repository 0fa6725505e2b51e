#include "model/other_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

namespace crossval {
namespace {

// general.architecture of models that make images or video, as their converters write it.
constexpr std::string_view kImageArchitectures[] = {"aura",  "cosmos", "flux",    "hidream",
                                                    "hyvid", "ltxv",   "lumina2", "qwen_image",
                                                    "sd1",   "sd3",    "sdxl",    "wan"};

std::string text_of(const GgufFile& file, std::string_view key) {
  const auto text = file.string_or(key, "");
  return text ? std::string(*text) : std::string();
}

std::string for_model(const std::string& architecture) {
  return architecture.empty() ? std::string() : " for " + architecture;
}

}  // namespace

std::optional<OtherFile> other_file(const GgufFile& file) {
  using Kind = OtherFile::Kind;
  const std::string type = text_of(file, "general.type");
  const std::string architecture = text_of(file, "general.architecture");
  if (type == "adapter") {
    const bool lora = text_of(file, "adapter.type") == "lora";
    return OtherFile{Kind::adapter,
                     (lora ? "a LoRA adapter" : "an adapter") + for_model(architecture),
                     "It changes the weights of the model that it was made for: give that model, "
                     "or one into which the adapter was merged."};
  }
  if (type == "imatrix") {
    return OtherFile{Kind::imatrix, "an importance matrix",
                     "It guides the quantisation of the model that it was made of: give that "
                     "model."};
  }
  if (type == "mmproj" || architecture == "clip") {
    return OtherFile{Kind::projector, "a projector of images or sound (mmproj)",
                     "It belongs to a language model in a file of its own: give that one."};
  }
  if (architecture == "controlvector") {
    return OtherFile{Kind::control_vector,
                     "a control vector" + for_model(text_of(file, "controlvector.model_hint")),
                     "It is added to the activations of a model: give that model."};
  }
  if (std::ranges::find(kImageArchitectures, architecture) != std::end(kImageArchitectures)) {
    return OtherFile{Kind::image_model, fmt::format("an image or video model ({})", architecture),
                     "Give a language model."};
  }
  if (!type.empty() && type != "model") {
    return OtherFile{Kind::unknown, fmt::format("a file of general.type \"{}\"", type),
                     "Give a file that says it is a model."};
  }
  return std::nullopt;
}

Result<void> refuse_other_file(const GgufFile& file) {
  const auto other = other_file(file);
  if (!other) return {};
  return fail(ExitCode::bad_input_file,
              fmt::format("the file is {}, not a language model", other->what), file.path(),
              other->hint + " crossval inspect shows what is in the file.");
}

}  // namespace crossval
