#include "launch/neutral_settings.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "launch/kinds/kinds.h"
#include "launch/reference/program.h"

namespace crossval {
namespace {

using Options = std::vector<std::pair<std::string, std::string>>;

class Collection {
 public:
  explicit Collection(const EngineSpec& spec) : spec_(spec), kind_(*find_engine_kind(spec.name)) {}

  bool has(std::string_view key) const {
    return std::ranges::find(kind_.keys, key) != kind_.keys.end();
  }
  void add(std::string name, const Options& options) {
    EngineSpec other = spec_;
    for (const auto& [key, value] : options) other.options[key] = value;
    // What it says of one of them holds for both now.
    if (other.options.contains("kv") && !spec_.options.contains("kv")) {
      other.options.erase("kv-k");
      other.options.erase("kv-v");
    }
    result_.settings.push_back({std::move(name), std::move(other)});
  }
  void lacks(std::string_view what, std::string_view why) {
    result_.lacking.push_back(fmt::format("{}: {}", what, why));
  }
  std::string no_such_key() const { return spec_.name + " has no such setting"; }

  NeutralSettings take() { return std::move(result_); }

 private:
  const EngineSpec& spec_;
  const EngineKind& kind_;
  NeutralSettings result_;
};

// The engine as it is runs beside the other one: threads without cores of their own would wait for
// each other most of the time.
void vary_threads(const EngineInfo& info, int cores, Collection& all) {
  if (!all.has("threads")) return all.lacks("threads", all.no_such_key());
  const int threads = info.settings.threads == 2 ? 3 : 2;
  if (info.settings.threads + threads > cores) {
    return all.lacks("threads", fmt::format("{} beside {} are too many for {} cores", threads,
                                            info.settings.threads, cores));
  }
  all.add(fmt::format("{} threads", threads), {{"threads", std::to_string(threads)}});
}

void vary_batches(Collection& all) {
  if (!all.has("batch")) return all.lacks("batches", all.no_such_key());
  if (!all.has("ubatch")) return all.add("batches of 48 positions", {{"batch", "48"}});
  all.add("batches of 64 positions, micro-batches of 48", {{"batch", "64"}, {"ubatch", "48"}});
}

void vary_cache(const EngineInfo& info, Collection& all) {
  const std::string& type = info.settings.kv_type_k;
  if (!all.has("kv")) return all.lacks("keys and values in another type", all.no_such_key());
  if (type != info.settings.kv_type_v || (type != "f16" && type != "f32")) {
    return all.lacks("keys and values in another type",
                     fmt::format("{} and {} are no types that another one should equal", type,
                                 info.settings.kv_type_v));
  }
  const std::string other = type == "f16" ? "f32" : "f16";
  all.add("keys and values in " + other, {{"kv", other}});
}

void vary_attention(const EngineInfo& info, Collection& all) {
  if (!all.has("fa")) return all.lacks("flash attention", all.no_such_key());
  const std::string other = info.settings.flash_attention == "on" ? "off" : "on";
  all.add("flash attention " + other, {{"fa", other}});
}

void vary_build(const EngineSpec& spec, const EngineInfo& info, Collection& all) {
  if (!all.has("profile")) return all.lacks("another build", all.no_such_key());
  EngineSpec unnamed = spec;
  unnamed.options.erase("profile");
  if (!is_default_reference(unnamed)) return all.lacks("another build", "this one is given");
  if (info.identity.profile == "production") {
    all.add("canonical build", {{"profile", "canonical"}});
    return;
  }
  all.add("production build", {{"profile", "production"}});
  if (!spec.options.contains("fa"))
    all.add("production build, flash attention off", {{"profile", "production"}, {"fa", "off"}});
}

}  // namespace

NeutralSettings neutral_settings(const EngineSpec& spec, const EngineInfo& info, int cores) {
  Collection all(spec);
  vary_threads(info, cores, all);
  vary_batches(all);
  vary_cache(info, all);
  vary_attention(info, all);
  vary_build(spec, info, all);
  return all.take();
}

}  // namespace crossval
