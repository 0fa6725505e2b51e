#include "names/names_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <limits>
#include <nlohmann/json.hpp>
#include <set>

#include "base/read_file.h"
#include "base/shown_text.h"

namespace crossval {
namespace {

using Json = nlohmann::ordered_json;

constexpr size_t kMostBytes = size_t{16} << 20;

std::optional<int32_t> whole_number(std::string_view text) {
  int32_t value = 0;
  const auto [end, status] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (status != std::errc{} || end != text.data() + text.size() || value < 0) return std::nullopt;
  return value;
}

bool is_pattern(std::string_view text) {
  return text.find(NamesFile::kLayerMark) != std::string_view::npos;
}

std::string with_layer(std::string_view pattern, std::string_view layer) {
  std::string text(pattern);
  if (const size_t at = text.find(NamesFile::kLayerMark); at != std::string::npos)
    text.replace(at, NamesFile::kLayerMark.size(), layer);
  return text;
}

/// The layer that the pattern's mark stands for in `text`.
std::optional<std::string_view> layer_in(std::string_view text, std::string_view pattern) {
  const size_t at = pattern.find(NamesFile::kLayerMark);
  if (at == std::string_view::npos) return std::nullopt;
  const std::string_view head = pattern.substr(0, at);
  const std::string_view tail = pattern.substr(at + NamesFile::kLayerMark.size());
  if (text.size() <= head.size() + tail.size() || !text.starts_with(head) || !text.ends_with(tail))
    return std::nullopt;
  const std::string_view layer = text.substr(head.size(), text.size() - head.size() - tail.size());
  return whole_number(layer) ? std::optional(layer) : std::nullopt;
}

Result<GivenName> given_name(const std::string& key, const Json& value, const std::string& where) {
  const bool cut = value.is_object();
  const Json label = cut ? value.value("name", Json()) : value;
  auto name = label.is_string() ? parse_label(label.get<std::string>()) : std::nullopt;
  if (!name) {
    return fail(ExitCode::usage, "a name is no \"NAME OP\"", where,
                R"(Write e.g. "Qcur-0 MUL_MAT"; docs/tensor-names.md lists them.)");
  }
  if (is_pattern(key) != is_pattern(name->name)) {
    return fail(ExitCode::usage, fmt::format("{} stands on one side alone", NamesFile::kLayerMark),
                where, R"(Write e.g. "layers.{N}.q": "Qcur-{N} MUL_MAT".)");
  }
  if (!cut) return *std::move(name);
  const Json columns = value.value("columns", Json());
  if (value.size() != 2 || !columns.is_array() || columns.size() != 2 ||
      !std::ranges::all_of(columns, [](const Json& n) { return n.is_number_unsigned(); }) ||
      columns[0] >= columns[1] || columns[1] > std::numeric_limits<int32_t>::max()) {
    return fail(ExitCode::usage, "columns are no [FIRST, END]", where,
                R"(Write e.g. {"name": "Qcur-0 MUL_MAT", "columns": [0, 576]}.)");
  }
  name->columns = Range{columns[0].get<int32_t>(), columns[1].get<int32_t>()};
  return *std::move(name);
}

}  // namespace

std::optional<GivenName> parse_label(std::string_view label) {
  const size_t blank = label.find(' ');
  if (blank == 0 || blank == std::string_view::npos) return std::nullopt;
  GivenName given{.name = std::string(label.substr(0, blank)), .op = {}};
  std::string_view op = label.substr(blank + 1);
  if (const size_t mark = op.find(" #"); mark != std::string_view::npos) {
    const auto count = whole_number(op.substr(mark + 2));
    if (!count || *count < 2) return std::nullopt;
    given.occurrence = *count - 1;
    op = op.substr(0, mark);
  }
  if (op.empty() || op.find(' ') != std::string_view::npos) return std::nullopt;
  given.op = op;
  return given;
}

bool is_called(const GivenName& given, std::string_view label) {
  const auto other = parse_label(label);
  return other && other->op == given.op && other->occurrence == given.occurrence &&
         (other->name == given.name || layer_in(other->name, given.name));
}

int32_t layer_of(std::string_view name) {
  const size_t dash = name.rfind('-');
  if (dash == std::string_view::npos) return -1;
  return whole_number(name.substr(dash + 1)).value_or(-1);
}

Result<NamesFile> NamesFile::parse(std::string_view text, const std::string& path) {
  const Json document = Json::parse(text, nullptr, false);
  if (!document.is_object()) {
    return fail(ExitCode::usage, document.is_discarded() ? "it is no JSON" : "it is no JSON object",
                path, R"(A file of names is {"their name": "our NAME OP", …}.)");
  }
  NamesFile file;
  std::set<std::string> taken;
  for (const auto& [key, value] : document.items()) {
    const std::string where = fmt::format("{}, {}", path, shown_text(key));
    std::vector<GivenName>& names = file.entries_[key];
    const Json list = value.is_array() ? value : Json::array({value});
    names.reserve(list.size());
    for (const Json& one : list) {
      auto name = given_name(key, one, where);
      if (!name) return tl::unexpected(name.error());
      if (!taken.insert(label_of(name->name, name->op, name->occurrence)).second) {
        return fail(ExitCode::usage,
                    fmt::format("{} is given twice",
                                shown_text(label_of(name->name, name->op, name->occurrence))),
                    where, "Each of our names can be one tensor's.");
      }
      names.push_back(*std::move(name));
    }
  }
  return file;
}

Result<NamesFile> NamesFile::read(const std::string& path) {
  const auto text = read_file(path, kMostBytes);
  if (!text) return tl::unexpected(text.error());
  return parse(*text, path);
}

std::vector<GivenName> NamesFile::names_of(const TraceTensor& tensor) const {
  const std::string label = label_of(tensor.name, tensor.op, tensor.occurrence);
  for (const std::string& text : {label, tensor.name}) {
    if (const auto found = entries_.find(text); found != entries_.end()) return found->second;
    for (const auto& [key, names] : entries_) {
      const auto layer = layer_in(text, key);
      if (!layer) continue;
      std::vector<GivenName> here = names;
      for (GivenName& name : here) name.name = with_layer(name.name, *layer);
      return here;
    }
  }
  return {};
}

std::vector<std::string> NamesFile::sources_of(std::string_view name) const {
  std::vector<std::string> sources;
  for (const auto& [key, names] : entries_) {
    const std::string_view own = std::string_view(key).substr(0, key.find(' '));
    for (const GivenName& given : names) {
      if (given.name == name) sources.emplace_back(own);
      if (const auto layer = layer_in(name, given.name)) sources.push_back(with_layer(own, *layer));
    }
  }
  return sources;
}

bool NamesFile::cuts() const {
  return std::ranges::any_of(entries_, [](const auto& entry) {
    return std::ranges::any_of(entry.second, [](const GivenName& n) { return !!n.columns; });
  });
}

std::string names_text(const std::map<std::string, std::vector<GivenName>>& entries) {
  Json document = Json::object();
  for (const auto& [key, names] : entries) {
    Json list = Json::array();
    for (const GivenName& given : names) {
      const std::string label = label_of(given.name, given.op, given.occurrence);
      list.push_back(given.columns ? Json{{"name", label},
                                          {"columns", {given.columns->first, given.columns->end}}}
                                   : Json(label));
    }
    document[key] = list.size() == 1 ? list[0] : list;
  }
  return document.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace crossval
