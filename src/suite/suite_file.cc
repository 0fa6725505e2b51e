#include "suite/suite_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <set>
#include <span>
#include <utility>

#include "base/environment.h"
#include "base/nearest_word.h"
#include "base/read_file.h"
#include "launch/engine_factory.h"
#include "launch/paths.h"
#include "suite/built_in_prompts.h"
#include "suite/fetched_prompts.h"
#include "suite/located_json.h"

namespace crossval {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

constexpr size_t kMostSuiteBytes = size_t{16} << 20;
constexpr int64_t kMostShards = 100'000;
constexpr int64_t kMostExplained = 1000;

template <class T>
struct NumberOf {
  using type = T;
};
template <class T>
struct NumberOf<std::optional<T>> {
  using type = T;
};
template <class T>
using Number = typename NumberOf<T>::type;

// One object of the file, member by member; the first fault is kept.
class Members {
 public:
  Members(const LocatedJson& file, std::string pointer, std::span<const char* const> known)
      : file_(file),
        pointer_(std::move(pointer)),
        object_(file.root().at(Json::json_pointer(pointer_))) {
    if (!object_.is_object()) {
      fault_ = Error{ExitCode::bad_input_file, "it is no JSON object", file_.where(pointer_), {}};
      return;
    }
    for (const auto& [key, unused] : object_.items()) {
      if (std::ranges::find(known, key) != known.end()) continue;
      const std::vector<std::string> words(known.begin(), known.end());
      const std::string near = nearest_word(key, words);
      note(key, "this key is not known",
           near.empty() ? fmt::format("There are: {}.", fmt::join(words, ", "))
                        : "Did you mean " + near + "?");
    }
  }

  void text(const char* key, std::string& value, bool required = false) {
    const Json* member = find(key, required);
    if (member == nullptr) return;
    if (!member->is_string()) return note(key, "it is no string");
    value = member->get<std::string>();
    if (required && value.empty()) note(key, "it is empty");
  }

  template <class T>
  void whole(const char* key, T& value, int64_t low, int64_t high) {
    const Json* member = find(key, false);
    if (member == nullptr) return;
    if (!member->is_number_integer() || member->get<int64_t>() < low ||
        member->get<int64_t>() > high) {
      return note(key, fmt::format("it is no whole number from {} to {}", low, high));
    }
    value = static_cast<Number<T>>(member->get<int64_t>());
  }

  void number(const char* key, double& value, double low, double high) {
    const Json* member = find(key, false);
    if (member == nullptr) return;
    if (!member->is_number() || !(member->get<double>() >= low && member->get<double>() <= high)) {
      return note(key, fmt::format("it is no number from {} to {}", low, high));
    }
    value = member->get<double>();
  }

  void word(const char* key, std::string& value, std::span<const char* const> words) {
    text(key, value);
    if (value.empty() || std::ranges::find(words, value) != words.end()) return;
    note(key, fmt::format("\"{}\" is none of {}", value, fmt::join(words, ", ")));
  }

  /// A list of two different strings, none empty.
  void two(const char* key, std::array<std::string, 2>& values) {
    const Json* member = find(key, true);
    if (member == nullptr) return;
    const bool right = member->is_array() && member->size() == 2 && (*member)[0].is_string() &&
                       (*member)[1].is_string() && (*member)[0] != (*member)[1];
    if (!right) return note(key, "it is no list of two different strings");
    for (size_t i = 0; i < 2; ++i) {
      values[i] = (*member)[i].get<std::string>();
      if (values[i].empty()) note(key, "one of them is empty");
    }
  }

  /// The list's elements; empty where there is none.
  size_t list(const char* key, bool required) {
    const Json* member = find(key, required);
    if (member == nullptr) return 0;
    if (!member->is_array()) {
      note(key, "it is no list");
      return 0;
    }
    if (required && member->empty()) note(key, "it is empty");
    return member->size();
  }

  const Json* find(const char* key, bool required) {
    if (fault_) return nullptr;
    const auto found = object_.find(key);
    if (found != object_.end()) return &*found;
    if (required) note({}, fmt::format("the key \"{}\" is missing", key));
    return nullptr;
  }

  void note(const std::string& key, std::string what, std::string hint = {}) {
    if (fault_) return;
    fault_ = Error{ExitCode::bad_input_file, std::move(what),
                   file_.where(key.empty() ? pointer_ : pointer_ + "/" + key), std::move(hint)};
  }
  void note(const std::string& key, const Error& error) { note(key, error.what, error.hint); }

  const std::optional<Error>& fault() const { return fault_; }
  std::string where(const std::string& key) const { return file_.where(pointer_ + "/" + key); }
  const std::string& pointer() const { return pointer_; }

 private:
  const LocatedJson& file_;
  std::string pointer_;
  const Json& object_;
  std::optional<Error> fault_;
};

constexpr const char* kRequirements[] = {"cos", "bits", "floor"};
constexpr const char* kToggles[] = {"auto", "on", "off"};

constexpr const char* kSuiteKeys[] = {"$schema",
                                      "name",
                                      "models",
                                      "pairs",
                                      "two_by_two",
                                      "prompts",
                                      "shards",
                                      "explain",
                                      "threads",
                                      "context",
                                      "batch",
                                      "timeout_seconds",
                                      "prompt_template",
                                      "system_prompt",
                                      "chat_template_kwargs",
                                      "bos",
                                      "special",
                                      "require",
                                      "floor",
                                      "cos_tol",
                                      "logprob_tol",
                                      "max_tokens",
                                      "limits",
                                      "baseline",
                                      "slack"};
constexpr const char* kPairKeys[] = {"name",        "model",      "candidate", "reference",
                                     "tokenizer",   "require",    "floor",     "cos_tol",
                                     "logprob_tol", "max_tokens", "limits"};
constexpr const char* kSquareKeys[] = {"name",    "engines",     "models",     "require", "floor",
                                       "cos_tol", "logprob_tol", "max_tokens", "limits"};
constexpr const char* kPromptKeys[] = {"file", "folder", "set", "chunk", "chunks", "sha256"};

constexpr auto kLimitKeys = [] {
  std::array<const char*, std::size(kLimitedFigures)> keys{};
  std::ranges::transform(kLimitedFigures, keys.begin(), &NamedFigure::key);
  return keys;
}();

struct Model {
  std::string name, path;
};

class Reader {
 public:
  Reader(const LocatedJson& file, const fs::path& folder) : file_(file) {
    suite_.folder = fs::absolute(folder / ".").lexically_normal().string();
  }

  Result<Suite> read() {
    Members top(file_, "", kSuiteKeys);
    top.text("name", suite_.name);
    top.whole("shards", suite_.shards, 1, kMostShards);
    top.whole("explain", suite_.explain, 0, kMostExplained);
    top.whole("threads", suite_.threads, 1, 1 << 16);
    top.whole("context", suite_.context, 1, INT32_MAX);
    top.whole("batch", suite_.batch, 1, INT32_MAX);
    top.number("timeout_seconds", suite_.timeout_seconds, 1, 1e6);
    top.text("baseline", suite_.baseline);
    if (!suite_.baseline.empty()) suite_.baseline = beside(suite_.baseline);
    top.number("slack", suite_.slack, 1, 1e6);
    read_prompt_form(top);
    read_requirement(top, defaults_);
    read_models(top);
    if (top.fault()) return tl::unexpected(*top.fault());
    if (fault_) return tl::unexpected(*fault_);
    read_pairs(top);
    if (!fault_) read_squares(top);
    if (fault_) return tl::unexpected(*fault_);
    if (suite_.pairs.empty()) top.note("two_by_two", "the suite has no pair of engines");
    const size_t sets = top.list("prompts", true);
    for (size_t i = 0; i < sets && !fault_; ++i) read_prompt_set(fmt::format("/prompts/{}", i));
    if (top.fault()) return tl::unexpected(*top.fault());
    if (fault_) return tl::unexpected(*fault_);
    return std::move(suite_);
  }

 private:
  void read_prompt_form(Members& top) {
    top.text("prompt_template", suite_.prompt.template_name);
    if (suite_.prompt.template_name.ends_with(".jinja")) {
      suite_.prompt.template_name = beside(suite_.prompt.template_name);
    }
    if (top.find("system_prompt", false) != nullptr)
      top.text("system_prompt", suite_.prompt.system.emplace());
    if (const Json* kwargs = top.find("chat_template_kwargs", false)) {
      if (!kwargs->is_object()) return top.note("chat_template_kwargs", "it is no JSON object");
      suite_.prompt.kwargs = kwargs->dump();
    }
    for (const auto& [key, toggle] :
         {std::pair{"bos", &suite_.prompt.bos}, {"special", &suite_.prompt.special}}) {
      std::string word = "auto";
      top.word(key, word, kToggles);
      if (const auto read = parse_toggle(key, word)) *toggle = *read;
    }
  }

  void read_requirement(Members& from, SuitePair& pair) {
    from.word("require", pair.require, kRequirements);
    from.text("floor", pair.floor);
    if (!pair.floor.empty() && pair.floor != "auto") pair.floor = beside(pair.floor);
    from.number("cos_tol", pair.cos_tol, -1, 1);
    from.number("logprob_tol", pair.logprob_tol, 0, 1e6);
    from.whole("max_tokens", pair.max_tokens, 0, 1 << 20);
    read_limits(from, pair.limits);
  }

  // What is given takes the place of what all pairs have, figure by figure.
  void read_limits(Members& from, std::vector<PairLimit>& limits) {
    if (from.find("limits", false) == nullptr) return;
    Members members(file_, from.pointer() + "/limits", kLimitKeys);
    std::vector<PairLimit> read;
    for (const auto& [figure, key, unused] : kLimitedFigures) {
      const auto known = std::ranges::find(limits, figure, &PairLimit::figure);
      if (members.find(key, false) != nullptr) {
        read.push_back({figure, limit_in(members, figure, key)});
      } else if (known != limits.end()) {
        read.push_back(*known);
      }
    }
    limits = std::move(read);
    if (members.fault() && !fault_) fault_ = members.fault();
  }

  static double limit_in(Members& members, LimitedFigure figure, const char* key) {
    double limit = 0;
    int64_t count = 0;
    if (figure == LimitedFigure::decisive_flips) {
      members.whole(key, count, 0, INT32_MAX);
      return static_cast<double>(count);
    }
    members.number(key, limit, 0, figure == LimitedFigure::same_top ? 1 : 1e6);
    return limit;
  }

  static void check_limits(Members& members, const SuitePair& pair) {
    const auto flips =
        std::ranges::find(pair.limits, LimitedFigure::decisive_flips, &PairLimit::figure);
    if (flips == pair.limits.end() || !pair.floor.empty()) return;
    members.note("limits/decisive_flips", "without a noise floor nobody knows which are decisive",
                 "Give the pair a \"floor\": \"auto\", or a file that crossval calibrate wrote.");
  }

  void read_models(Members& top) {
    const Json* models = top.find("models", false);
    if (models == nullptr) return;
    if (!models->is_object()) return top.note("models", "it is no JSON object of names and paths");
    for (const auto& [name, path] : models->items()) {
      if (!path.is_string()) return top.note("models", "the path of \"" + name + "\" is no string");
      models_.push_back({name, beside(path.get<std::string>())});
    }
  }

  void read_pairs(Members& top) {
    const size_t pairs = top.list("pairs", top.find("two_by_two", false) == nullptr);
    for (size_t i = 0; i < pairs && !fault_; ++i) {
      Members members(file_, fmt::format("/pairs/{}", i), kPairKeys);
      read_pair(members);
      if (members.fault() && !fault_) fault_ = members.fault();
    }
  }

  // One for each model that it is for.
  void read_pair(Members& members) {
    SuitePair pair = defaults_;
    std::string model;
    members.text("name", pair.name);
    members.text("model", model);
    members.text("candidate", pair.candidate, true);
    members.text("reference", pair.reference, true);
    members.text("tokenizer", pair.tokenizer);
    if (!pair.tokenizer.empty()) pair.tokenizer = beside(pair.tokenizer);
    read_requirement(members, pair);
    if (members.fault()) return;
    check_engine(members, "candidate", pair.candidate);
    check_engine(members, "reference", pair.reference);
    if (members.fault()) return;
    if (pair.name.empty()) pair.name = pair.candidate + " beside " + pair.reference;
    const auto models = models_of(members, model);
    if (members.fault()) return;
    for (const Model& each : models) {
      SuitePair made = pair;
      made.model = each.path;
      if (models.size() > 1) made.name += " on " + each.name;
      add_pair(members, std::move(made));
    }
  }

  static void check_engine(Members& members, const std::string& key, const std::string& text) {
    const auto spec = read_engine_spec(text);
    if (!spec) return members.note(key, spec.error());
    if (const auto ok = check_engine_spec(*spec); !ok) members.note(key, ok.error());
  }

  void add_pair(Members& members, SuitePair pair) {
    check_limits(members, pair);
    if (!names_.insert(pair.name).second) {
      return members.note("name", "another pair is called \"" + pair.name + "\"",
                          "Give each pair a \"name\".");
    }
    suite_.pairs.push_back(std::move(pair));
  }

  void read_squares(Members& top) {
    const size_t squares = top.list("two_by_two", false);
    for (size_t i = 0; i < squares && !fault_; ++i) {
      Members members(file_, fmt::format("/two_by_two/{}", i), kSquareKeys);
      read_square(members);
      if (members.fault() && !fault_) fault_ = members.fault();
    }
  }

  // The same two engines beside each other on both models.
  void read_square(Members& members) {
    SuitePair pair = defaults_;
    SuiteSquare square;
    members.text("name", square.name);
    members.two("engines", square.engines);
    members.two("models", square.models);
    read_requirement(members, pair);
    if (members.fault()) return;
    for (const std::string& engine : square.engines) check_engine(members, "engines", engine);
    if (square.name.empty()) square.name = square.engines[1] + " beside " + square.engines[0];
    pair.reference = square.engines[0];
    pair.candidate = square.engines[1];
    for (size_t i = 0; i < 2 && !members.fault(); ++i) {
      const std::vector<Model> model = models_of(members, square.models[i], "models");
      if (members.fault()) return;
      pair.name = square.name + " on " + square.models[i];
      pair.model = model.front().path;
      square.pairs[i] = suite_.pairs.size();
      add_pair(members, pair);
    }
    suite_.two_by_two.push_back(std::move(square));
  }

  std::vector<Model> models_of(Members& members, const std::string& model,
                               const char* key = "model") {
    if (model.empty()) return models_.empty() ? std::vector<Model>{{}} : models_;
    const auto found = std::ranges::find(models_, model, &Model::name);
    if (found != models_.end()) return {*found};
    if (models_.empty()) return {{model, beside(model)}};
    std::vector<std::string> names;
    names.reserve(models_.size());
    for (const Model& each : models_) names.push_back(each.name);
    members.note(key, fmt::format("there is no model \"{}\"", model),
                 fmt::format("\"models\" has: {}.", fmt::join(names, ", ")));
    return {};
  }

  void read_prompt_set(const std::string& pointer) {
    Members members(file_, pointer, kPromptKeys);
    PromptSet set;
    members.text("file", set.file);
    members.text("folder", set.folder);
    members.text("set", set.set);
    if (!members.fault() && !set.set.empty() && !is_built_in_prompt_set(set.set) &&
        !is_fetched_prompt_set(set.set)) {
      members.note("set", "there is no set \"" + set.set + "\"",
                   fmt::format("There are: {}, {}.", fmt::join(built_in_prompt_sets(), ", "),
                               fmt::join(fetched_prompt_sets(), ", ")));
    }
    if (!members.fault() && !set.file.empty() + !set.folder.empty() + !set.set.empty() != 1) {
      members.note({}, "it has not exactly one of \"file\", \"folder\" and \"set\"");
    }
    read_chunk_plan(members, set);
    if (members.fault()) {
      fault_ = members.fault();
      return;
    }
    if (!set.file.empty()) set.file = beside(set.file);
    if (!set.folder.empty()) set.folder = beside(set.folder);
    set.where = file_.where(pointer);
    suite_.prompts.push_back(std::move(set));
  }

  static void read_chunk_plan(Members& members, PromptSet& set) {
    ChunkPlan plan;
    members.whole("chunk", plan.tokens, 2, 1 << 20);
    members.whole("chunks", plan.chunks, 1, INT32_MAX);
    members.text("sha256", set.sha256);
    const bool is_cut = members.find("chunk", false) != nullptr;
    const bool is_text =
        !set.file.empty() && !set.file.ends_with(".jsonl") && !set.file.ends_with(".json");
    if (is_cut && !is_text) members.note("chunk", "only a \"file\" with a text can be cut");
    if (plan.chunks && !is_cut) members.note("chunks", "it says nothing without \"chunk\"");
    if (!set.sha256.empty() && set.file.empty()) members.note("sha256", "only a \"file\" has one");
    if (is_cut) set.chunk = plan;
  }

  std::string beside(const std::string& path) {
    std::string taken = path_beside(suite_.folder, path);
    suite_.given.emplace(taken, path);
    return taken;
  }

  const LocatedJson& file_;
  Suite suite_;
  SuitePair defaults_;
  std::vector<Model> models_;
  std::set<std::string> names_;  // of pairs
  std::optional<Error> fault_;
};

}  // namespace

std::vector<std::string> vocabularies_of(const Suite& suite) {
  std::vector<std::string> files;
  const auto add = [&](const std::string& file) {
    if (!file.empty() && std::ranges::find(files, file) == files.end()) files.push_back(file);
  };
  for (const SuitePair& pair : suite.pairs) {
    const auto candidate = read_engine_spec(pair.candidate);
    const auto reference = read_engine_spec(pair.reference);
    if (!candidate || !reference) continue;  // checked where the file was read
    const EngineDefaults defaults{.model = pair.model};
    add(pair.tokenizer.empty() ? model_path(*candidate, defaults) : pair.tokenizer);
    add(model_path(*reference, defaults));
  }
  return files;
}

std::string path_beside(const std::string& folder, const std::string& path) {
  return fs::absolute(folder / fs::path(with_home(path))).lexically_normal().string();
}

Result<Suite> parse_suite(std::string_view text, const std::string& path) {
  const auto file = LocatedJson::parse(text, path);
  if (!file) return tl::unexpected(file.error());
  auto suite = Reader(*file, fs::path(path).parent_path()).read();
  if (suite && suite->name.empty()) suite->name = fs::path(path).stem().string();
  return suite;
}

Result<Suite> read_suite_file(const std::string& path) {
  const auto text = read_file(path, kMostSuiteBytes);
  if (!text) return tl::unexpected(text.error());
  return parse_suite(*text, path);
}

}  // namespace crossval
