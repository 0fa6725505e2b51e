#include "cli/doctor/machine.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <thread>

#include "base/read_file.h"
#include "cli/command/version.h"
#include "kernels/kernels.h"

namespace crossval {
namespace {

namespace fs = std::filesystem;

constexpr size_t kMaxCpuinfo = size_t{16} << 20;
constexpr std::string_view kFeatures[] = {
    "sse4_2",      "avx",      "avx2",     "fma",      "f16c", "bmi2", "avx512f",
    "avx512_vnni", "avx_vnni", "amx_int8", "amx_bf16",                           // x86-64
    "asimd",       "asimdhp",  "asimddp",  "i8mm",     "bf16", "sve",  "sve2"};  // ARM

// "model name	: Some CPU" -> "Some CPU"; the first line of that name.
std::string_view field(std::string_view text, std::string_view name) {
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    const size_t colon = line.find(':');
    if (line.starts_with(name) && colon != std::string_view::npos &&
        line.substr(name.size(), colon - name.size()).find_first_not_of("\t ") ==
            std::string_view::npos) {
      const size_t value = line.find_first_not_of(' ', colon + 1);
      return value == std::string_view::npos ? "" : line.substr(value);
    }
    text.remove_prefix(std::min(text.size(), line.size() + 1));
  }
  return {};
}

std::string others_than(const KernelSet& chosen) {
  std::string text;
  for (const KernelSet* set : kernel_sets()) {
    if (set == &chosen) continue;
    text += fmt::format("{}{} ({}){}", text.empty() ? "" : ", ", set->name, set->description,
                        set->supported() ? "" : ", not on this processor");
  }
  return text.empty() ? "" : "; also built in: " + text;
}

std::string size_text(double bytes) {
  for (const char* unit : {"B", "kB", "MB"}) {
    if (bytes < 1000) return fmt::format("{:.3g} {}", bytes, unit);
    bytes /= 1000;
  }
  return fmt::format("{:.3g} GB", bytes);
}

// Of all files below; what cannot be read counts nothing.
double size_below(const fs::path& folder) {
  double bytes = 0;
  std::error_code error;
  const auto options = fs::directory_options::skip_permission_denied;
  for (fs::recursive_directory_iterator at(folder, options, error), end; !error && at != end;
       at.increment(error)) {
    std::error_code unreadable;
    if (!at->is_regular_file(unreadable) || at->is_symlink(unreadable)) continue;
    const auto size = at->file_size(unreadable);
    if (!unreadable) bytes += static_cast<double>(size);
  }
  return bytes;
}

// The folder, or the nearest one above it that is there.
fs::path nearest_existing(fs::path folder) {
  std::error_code error;
  while (folder.has_parent_path() && folder != folder.parent_path() && !fs::exists(folder, error)) {
    folder = folder.parent_path();
  }
  return folder;
}

}  // namespace

Check check_program() { return {"program", CheckState::ok, version_line()}; }

std::string processor_text(std::string_view cpuinfo) {
  std::string_view name = field(cpuinfo, "model name");
  if (name.empty()) name = field(cpuinfo, "CPU part");
  std::string_view flags = field(cpuinfo, "flags");
  if (flags.empty()) flags = field(cpuinfo, "Features");
  const std::string padded = fmt::format(" {} ", flags);
  std::string features;
  for (const std::string_view feature : kFeatures) {
    if (padded.find(fmt::format(" {} ", feature)) == std::string::npos) continue;
    features += fmt::format("{}{}", features.empty() ? "" : " ", feature);
  }
  return fmt::format("{}: {}", name.empty() ? "unknown" : name,
                     features.empty() ? "no vector instructions known here" : features);
}

Check check_processor() {
  const auto cpuinfo = read_file("/proc/cpuinfo", kMaxCpuinfo);
  return {"processor", CheckState::ok,
          fmt::format("{}; {} threads", processor_text(cpuinfo ? *cpuinfo : ""),
                      std::thread::hardware_concurrency())};
}

Check check_kernels() {
  const auto chosen = choose_kernels();
  if (!chosen) {
    const Error& error = chosen.error();
    return {"kernels", CheckState::problem, error.what,
            "Run: unset CROSSVAL_KERNELS. " + error.hint, error.code};
  }
  const KernelSet* best = nullptr;
  for (const KernelSet* set : kernel_sets()) {
    if (set->supported()) best = set;
  }
  Check check{
      "kernels", CheckState::ok,
      fmt::format("{} ({}){}", (*chosen)->name, (*chosen)->description, others_than(**chosen))};
  if (*chosen != best) {
    check.state = CheckState::warning;
    check.repair = fmt::format(
        "CROSSVAL_KERNELS keeps the faster {} away. Run: unset "
        "CROSSVAL_KERNELS",
        best->name);
  }
  return check;
}

Check check_templates(const std::string& path, const TemplateRenderer& renderer,
                      const std::string& repair) {
  if (path.empty()) {
    return {"templates", CheckState::warning,
            "the renderer is not built yet: the first --chat or Jinja template builds it", repair};
  }
  const auto text = renderer({.source = "{{ messages[0].content }}{{ bos_token }}",
                              .messages_json = R"([{"role": "user", "content": "Hello"}])",
                              .tools_json = "null",
                              .bos_token = "<s>",
                              .eos_token = "</s>"});
  if (text && *text == "Hello<s>") return {"templates", CheckState::ok, "rendered by " + path};
  return {"templates", CheckState::problem,
          text ? fmt::format("{} renders \"{}\" instead of \"Hello<s>\"", path, *text)
               : fmt::format("{} ({})", text.error().what, path),
          repair, ExitCode::engine_failed};
}

Check check_cache(const std::string& folder) {
  const fs::path existing = nearest_existing(folder);
  std::error_code error;
  if (!fs::is_directory(existing, error) || access(existing.c_str(), W_OK | X_OK) != 0) {
    return {"cache", CheckState::warning,
            folder + " cannot be written: no reference can be built there",
            "Set CROSSVAL_CACHE to a folder that can be written."};
  }
  if (existing != fs::path(folder))
    return {"cache", CheckState::ok, folder + ": nothing there yet"};
  return {"cache", CheckState::ok, fmt::format("{}: {}", folder, size_text(size_below(folder)))};
}

}  // namespace crossval
