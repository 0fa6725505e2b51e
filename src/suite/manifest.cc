#include "suite/manifest.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/partial_file.h"
#include "base/read_file.h"
#include "base/sha256.h"
#include "launch/engine_factory.h"
#include "launch/model_files.h"
#include "launch/paths.h"

namespace crossval {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

constexpr int kVersion = 3;
constexpr size_t kMostManifestBytes = size_t{1} << 30;

std::string path_in(const std::string& folder, const char* name) {
  return (fs::path(folder) / name).string();
}

// SHA-256 of each file of the model that an engine is given; empty for one that has none of its
// own.
Result<Json> model_of(const std::string& engine, const std::string& model, const OpenedFiles& files,
                      const std::string& cache_folder, const std::stop_token& stop) {
  const auto spec = read_engine_spec(engine);
  if (!spec) return tl::unexpected(spec.error());
  const std::string path = model_path(*spec, {.model = model});
  Json sums = Json::array();
  std::error_code failed;
  if (path.empty() || fs::is_directory(path, failed)) return sums;
  const auto read = model_sha256(path, files, cache_folder, stop);
  if (!read) return tl::unexpected(read.error());
  for (const std::string& sum : *read) sums.push_back(sum);
  return sums;
}

std::string as_given(const Suite& suite, const std::string& path) {
  const auto at = suite.given.find(path);
  return at == suite.given.end() ? path : at->second;
}

Json requirement(const Suite& suite, const SuitePair& pair) {
  Json limits = Json::object();
  for (const PairLimit& limit : pair.limits) limits[named(limit.figure).key] = limit.limit;
  return {{"require", pair.require},       {"floor", as_given(suite, pair.floor)},
          {"cos_tol", pair.cos_tol},       {"logprob_tol", pair.logprob_tol},
          {"max_tokens", pair.max_tokens}, {"limits", std::move(limits)}};
}

const char* toggle_word(Toggle toggle) {
  if (toggle == Toggle::on) return "on";
  return toggle == Toggle::off ? "off" : "auto";
}

template <class T>
Json or_null(const std::optional<T>& value) {
  return value ? Json(*value) : Json(nullptr);
}

Json prompt_form(const Suite& suite) {
  const PromptRequest& prompt = suite.prompt;
  return {{"template", as_given(suite, prompt.template_name)},
          {"system", or_null(prompt.system)},
          {"kwargs", or_null(prompt.kwargs)},
          {"bos", toggle_word(prompt.bos)},
          {"special", toggle_word(prompt.special)}};
}

// What a person reads of the first place at which two manifests part.
std::string first_difference(const std::string& ours, const std::string& theirs) {
  const Json a = Json::parse(ours, nullptr, false);
  const Json b = Json::parse(theirs, nullptr, false);
  if (b.is_discarded()) return "its manifest.json cannot be read";
  const Json changes = Json::diff(b, a);
  if (changes.empty()) return "its manifest.json is written otherwise";
  const Json& first = changes.front();
  std::string text = first.at("path").get<std::string>();
  if (first.contains("value")) text += " is now " + first.at("value").dump();
  return text +
         (changes.size() > 1 ? fmt::format(", and {} more", changes.size() - 1) : std::string());
}

// Several shards may be here at the same time: each writes a file of its own name.
Result<void> write_at_once(const std::string& path, const std::string& text) {
  const std::string own = fmt::format("{}.{}", path, getpid());
  if (auto ok = write_file(own, text); !ok) return ok;
  return rename_file(own, path);
}

// From the folder of results, so that both may be moved together.
Result<void> note_suite_folder(const std::string& suite_folder, const std::string& folder) {
  std::error_code failed;
  const fs::path from = fs::weakly_canonical(folder, failed);
  const fs::path to = fs::weakly_canonical(suite_folder, failed);
  const std::string text = to.lexically_relative(from).string() + "\n";
  const std::string path = path_in(folder, kSuiteFolderFile);
  const auto there = read_file(path, kMostManifestBytes);
  if (there && *there == text) return {};
  return write_at_once(path, text);
}

// Empty where nobody has noted it.
std::string noted_suite_folder(const std::string& folder) {
  const auto text = read_file(path_in(folder, kSuiteFolderFile), kMostManifestBytes);
  if (!text) return {};
  std::error_code failed;
  return path_beside(fs::weakly_canonical(folder, failed).string(),
                     text->substr(0, text->find('\n')));
}

Result<void> write_or_compare(const std::string& path, const std::string& text,
                              const std::string& folder) {
  std::error_code failed;
  if (!fs::exists(path, failed)) return write_at_once(path, text);
  const auto there = read_file(path, kMostManifestBytes);
  if (!there) return tl::unexpected(there.error());
  if (*there == text) return {};
  return fail(
      ExitCode::usage, "the folder holds results of another suite, or of another state of this one",
      folder,
      first_difference(text, *there) + ". Give another folder with -o, or remove this one.");
}

// A path of the manifest where its suite file lies here.
std::string path_here(const Json& path, const std::string& suite_folder) {
  auto text = path.get<std::string>();
  return text.empty() || suite_folder.empty() ? text : path_beside(suite_folder, text);
}

SuitePair pair_of(const Json& json, const std::string& suite_folder) {
  SuitePair pair;
  pair.name = json.at("name").get<std::string>();
  pair.model = path_here(json.at("model"), suite_folder);
  pair.candidate = json.at("candidate").get<std::string>();
  pair.reference = json.at("reference").get<std::string>();
  pair.tokenizer = path_here(json.at("tokenizer"), suite_folder);
  pair.require = json.at("require").get<std::string>();
  pair.floor = json.at("floor").get<std::string>();
  if (pair.floor != "auto") pair.floor = path_here(json.at("floor"), suite_folder);
  pair.cos_tol = json.at("cos_tol").get<double>();
  pair.logprob_tol = json.at("logprob_tol").get<double>();
  pair.max_tokens = json.at("max_tokens").get<int32_t>();
  for (const NamedFigure& figure : kLimitedFigures) {
    const auto limit = json.at("limits").find(figure.key);
    if (limit != json.at("limits").end())
      pair.limits.push_back({figure.figure, limit->get<double>()});
  }
  return pair;
}

}  // namespace

Result<Manifest> make_manifest(const Suite& suite, std::span<const SuitePrompt> prompts,
                               const OpenedFiles& files, const std::string& cache_folder,
                               const std::stop_token& stop) {
  Manifest manifest{.name = suite.name,
                    .pairs = suite.pairs,
                    .two_by_two = suite.two_by_two,
                    .shards = suite.shards,
                    .baseline = suite.baseline,
                    .slack = suite.slack,
                    .suite_folder = suite.folder};
  Json json{{"crossval_suite", kVersion}, {"name", suite.name}, {"shards", suite.shards}};
  json["pairs"] = Json::array();
  for (const SuitePair& pair : suite.pairs) {
    Json entry{{"name", pair.name},
               {"model", as_given(suite, pair.model)},
               {"candidate", pair.candidate},
               {"reference", pair.reference},
               {"tokenizer", as_given(suite, pair.tokenizer)}};
    entry.update(requirement(suite, pair));
    for (const auto& [key, engine] : {std::pair{"candidate_model_sha256", &pair.candidate},
                                      {"reference_model_sha256", &pair.reference}}) {
      auto sums = model_of(*engine, pair.model, files, cache_folder, stop);
      if (!sums) return tl::unexpected(sums.error());
      entry[key] = *std::move(sums);
    }
    json["pairs"].push_back(std::move(entry));
  }
  json["two_by_two"] = Json::array();
  for (const SuiteSquare& square : suite.two_by_two) {
    json["two_by_two"].push_back({{"name", square.name},
                                  {"engines", square.engines},
                                  {"models", square.models},
                                  {"pairs", square.pairs}});
  }
  json["context"] = or_null(suite.context);
  json["batch"] = or_null(suite.batch);
  json["baseline"] = as_given(suite, suite.baseline);
  json["slack"] = suite.slack;
  json["prompt"] = prompt_form(suite);
  json["prompts_sha256"] = sha256_of(prompt_lines(prompts));
  json["prompts"] = Json::array();
  for (const SuitePrompt& prompt : prompts) {
    manifest.prompts.push_back(prompt.id);
    manifest.kinds.push_back(prompt.kind);
    manifest.score_from.push_back(prompt.score_from);
    json["prompts"].push_back({{"id", prompt.id}, {"sha256", sha256_of(prompt.text)}});
  }
  manifest.text = json.dump(1) + "\n";
  manifest.sha256 = sha256_of(manifest.text);
  return manifest;
}

Result<void> place_manifest(const Manifest& manifest, std::span<const SuitePrompt> prompts,
                            const std::string& folder) {
  std::error_code failed;
  fs::create_directories(folder, failed);
  if (failed)
    return fail(ExitCode::cannot_write, "the folder cannot be made: " + failed.message(), folder);
  // The prompts first: where there is a manifest, all is there.
  std::error_code none;
  if (!fs::exists(path_in(folder, kManifestFile), none)) {
    auto ok = write_or_compare(path_in(folder, kPromptsFile), prompt_lines(prompts), folder);
    if (!ok) return ok;
  }
  if (auto ok = write_or_compare(path_in(folder, kManifestFile), manifest.text, folder); !ok)
    return ok;
  return manifest.suite_folder.empty() ? Result<void>()
                                       : note_suite_folder(manifest.suite_folder, folder);
}

Result<Manifest> read_manifest(const std::string& folder) {
  const std::string path = path_in(folder, kManifestFile);
  auto text = read_file(path, kMostManifestBytes);
  if (!text) return tl::unexpected(text.error());
  const auto bad = [&](const std::string& what) {
    return fail(ExitCode::bad_input_file, what, path);
  };
  const Json json = Json::parse(*text, nullptr, false);
  if (!json.is_object() || !json.contains("crossval_suite")) {
    return fail(ExitCode::bad_input_file, "it is no manifest of a suite", path,
                "Give a folder that crossval suite run has written.");
  }
  if (json["crossval_suite"] != kVersion) {
    return bad(fmt::format("a manifest of version {}, and this program reads version {}",
                           json["crossval_suite"].dump(), kVersion));
  }
  Manifest manifest;
  manifest.suite_folder = noted_suite_folder(folder);
  try {
    manifest.name = json.at("name").get<std::string>();
    manifest.shards = json.at("shards").get<int32_t>();
    manifest.baseline = path_here(json.at("baseline"), manifest.suite_folder);
    manifest.slack = json.at("slack").get<double>();
    for (const Json& entry : json.at("pairs"))
      manifest.pairs.push_back(pair_of(entry, manifest.suite_folder));
    for (const Json& entry : json.at("two_by_two")) {
      SuiteSquare square;
      entry.at("name").get_to(square.name);
      entry.at("engines").get_to(square.engines);
      entry.at("models").get_to(square.models);
      entry.at("pairs").get_to(square.pairs);
      for (const size_t pair : square.pairs) {
        if (pair >= manifest.pairs.size()) return bad("the manifest is damaged");
      }
      manifest.two_by_two.push_back(std::move(square));
    }
    for (const Json& prompt : json.at("prompts"))
      manifest.prompts.push_back(prompt.at("id").get<std::string>());
    const auto prompts = read_manifest_prompts(folder);
    if (!prompts) return tl::unexpected(prompts.error());
    if (sha256_of(prompt_lines(*prompts)) != json.at("prompts_sha256").get<std::string>()) {
      return fail(ExitCode::bad_input_file, "its prompts are not those of the manifest",
                  path_in(folder, kPromptsFile));
    }
    for (const SuitePrompt& prompt : *prompts) {
      manifest.kinds.push_back(prompt.kind);
      manifest.score_from.push_back(prompt.score_from);
    }
  } catch (const Json::exception& error) {
    return bad(std::string("the manifest is damaged: ") + error.what());
  }
  if (manifest.shards < 1 || manifest.pairs.empty() || manifest.prompts.empty() ||
      manifest.kinds.size() != manifest.prompts.size()) {
    return bad("the manifest is damaged");
  }
  manifest.sha256 = sha256_of(*text);
  manifest.text = *std::move(text);
  return manifest;
}

Result<std::vector<SuitePrompt>> read_manifest_prompts(const std::string& folder) {
  const std::string path = path_in(folder, kPromptsFile);
  const auto text = read_file(path, kMostManifestBytes);
  if (!text) return tl::unexpected(text.error());
  return parse_prompt_lines(*text, path);
}

}  // namespace crossval
