#include "report/text/inspection.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "base/count_text.h"
#include "report/text/model_difference.h"
#include "report/text/numbers.h"
#include "report/text/printable.h"

namespace crossval {
namespace {

constexpr int kShownPerFinding = 5;   // places of one finding
constexpr size_t kShownDigits = 12;   // of a SHA-256
constexpr size_t kShownChanges = 40;  // of tensors, by kind
constexpr int kBarWidth = 40;
constexpr int kValueWidth = 40;

std::string file_name(const std::string& path) { return escaped(path.substr(path.rfind('/') + 1)); }

std::string shape_text(const std::vector<int64_t>& shape) {
  return fmt::format("{}", fmt::join(shape, " x "));
}

std::string figure(double value) { return fmt::format("{:.4g}", value); }

struct ToText {
  std::string operator()(const std::string& text) const {
    return "\"" + fitted(escaped(text.substr(0, 400)), kValueWidth) + "\"";
  }
  std::string operator()(bool value) const { return value ? "true" : "false"; }
  std::string operator()(double value) const { return fmt::format("{:g}", value); }
  template <class T>
  std::string operator()(T value) const {
    return fmt::format("{}", value);
  }
};

std::string value_text(const MetadataEntry& entry) {
  if (!entry.array) return std::visit(ToText{}, entry.values.front());
  std::string text = fmt::format("{} of them:", entry.count);
  for (const MetadataScalar& value : entry.values) text += " " + std::visit(ToText{}, value);
  if (entry.values.size() < entry.count) text += " …";
  return fitted(text, kValueWidth + 2);
}

std::string i2s(const std::optional<I2sFacts>& facts, const Layout& layout) {
  if (!facts) return {};
  return layout.labelled("", fmt::format("I2_S layout {}, {}", facts->layout, facts->why));
}

std::string header(const Inspection& inspection, const Layout& layout) {
  uint64_t size = 0;
  for (const InspectedPart& part : inspection.parts) size += part.size;
  std::string file = file_name(inspection.parts.front().path);
  if (inspection.parts.size() > 1)
    file += " and " + counted(std::ssize(inspection.parts) - 1, "more part");
  std::string text = layout.labelled(
      "file",
      inspection.version == 0
          ? fmt::format("{}, a checkpoint as a GGUF would have it, {}", file, size_text(size))
          : fmt::format("{}, GGUF {}, {}, alignment {}", file, inspection.version, size_text(size),
                        inspection.alignment));
  const std::string architecture =
      inspection.architecture.empty() ? "no architecture" : escaped(inspection.architecture);
  text +=
      layout.labelled("model", fmt::format("{}{}{}, {} parameters in {}", escaped(inspection.name),
                                           inspection.name.empty() ? "" : ": ", architecture,
                                           grouped(inspection.parameters),
                                           counted(inspection.tensor_count, "tensor")));
  if (!inspection.kind.empty())
    text += layout.labelled("", inspection.kind + ", not a language model", Tint::warn);
  for (const std::string& line : inspection.meaning) text += layout.labelled("", line);
  return text + i2s(inspection.i2s, layout);
}

std::string tokenizer(const TokenizerFacts& facts, const Layout& layout) {
  if (facts.model.empty()) return layout.labelled("tokenizer", "none");
  if (facts.family.empty())
    return layout.labelled("tokenizer", escaped(facts.model) + ", not supported");
  std::string text = layout.labelled(
      "tokenizer", fmt::format("{} ({}), pre-tokenizer {}, {}", facts.family, escaped(facts.model),
                               escaped(facts.pre_tokenizer), counted(facts.size, "token")));
  std::string roles;
  for (const TokenRole& role : facts.roles) {
    roles += fmt::format("{}{} {} \"{}\"", roles.empty() ? "" : ", ", role.role, role.id,
                         escaped(role.text));
  }
  if (!roles.empty()) text += layout.labelled("", roles);
  text += layout.labelled(
      "",
      fmt::format("BOS {}, EOS {}, generation ends at {}", facts.add_bos ? "added" : "not added",
                  facts.add_eos ? "added" : "not added", fmt::join(facts.end_of_generation, ", ")));
  std::string templates;
  for (const std::string& name : facts.chat_templates)
    templates += (templates.empty() ? "" : ", ") + escaped(name);
  return text + layout.labelled(
                    "", templates.empty() ? "no chat template" : "chat template: " + templates);
}

std::string types(const Inspection& inspection, const Layout& layout) {
  Table table({{"type"}, {"tensors", true}, {"values", true}, {"bytes", true}, {"bits", true}});
  for (const TypeShare& share : inspection.types) {
    table.add(
        {{share.type},
         {grouped(share.tensors)},
         {grouped(share.values)},
         {size_text(share.bytes)},
         {figure(8.0 * static_cast<double>(share.bytes) / static_cast<double>(share.values))}});
  }
  return table.text(layout);
}

std::string metadata(const Inspection& inspection, const Layout& layout) {
  Table table({{"key", false, 40}, {"type"}, {"value"}});
  for (const MetadataEntry& entry : inspection.metadata) {
    table.add({{escaped(entry.key)},
               {entry.array ? entry.type + "[]" : entry.type},
               {value_text(entry)}});
  }
  return table.text(layout);
}

std::string tensors(const Inspection& inspection, const Layout& layout) {
  if (inspection.tensors.empty()) return layout.labelled("tensors", "none is called so");
  std::vector<Column> columns = {{"tensor"}, {"type"}, {"shape"}, {"bytes", true}};
  if (inspection.weights_read) {
    for (const char* name : {"min", "max", "rms"}) columns.push_back({name, true});
  } else {
    columns.push_back({"offset", true});
  }
  Table table(std::move(columns));
  for (const InspectedTensor& tensor : inspection.tensors) {
    std::vector<Cell> cells = {{escaped(tensor.name)},
                               {tensor.type},
                               {shape_text(tensor.shape)},
                               {size_text(tensor.bytes)}};
    if (!inspection.weights_read) cells.push_back({std::to_string(tensor.offset)});
    if (tensor.values) {
      for (const double value : {tensor.values->min, tensor.values->max, tensor.values->rms})
        cells.push_back({fmt::format("{:.3g}", value)});
    }
    table.add(std::move(cells));
  }
  return table.text(layout);
}

std::string findings(const std::vector<FileFinding>& findings, bool weights_read,
                     const Layout& layout) {
  if (findings.empty()) {
    return layout.labelled("findings", weights_read ? "none" : "none; the weights were not read",
                           Tint::good);
  }
  std::map<std::string, int> counts;
  std::string text;
  for (const FileFinding& finding : findings) {
    if (++counts[finding.name] > kShownPerFinding) continue;
    text += layout.labelled(text.empty() ? "findings" : "",
                            fmt::format("{}: {}{}{}", finding.name, finding.place,
                                        finding.place.empty() ? "" : ", ", finding.detail),
                            Tint::bad);
  }
  for (const auto& [name, count] : counts) {
    if (count > kShownPerFinding)
      text += layout.labelled("", fmt::format("{}: {} more", name, count - kShownPerFinding));
  }
  return text;
}

std::string histogram(const TensorInspection& inspection) {
  if (inspection.bins.empty()) return {};
  const int64_t most = *std::ranges::max_element(inspection.bins);
  const double width =
      (inspection.high - inspection.low) / static_cast<double>(inspection.bins.size());
  std::string text = fmt::format("{:>12}  {}\n", "below", grouped(inspection.below));
  for (size_t i = 0; i < inspection.bins.size(); ++i) {
    const auto bar = std::lround(kBarWidth * static_cast<double>(inspection.bins[i]) /
                                 static_cast<double>(most));
    text += fmt::format("{:>12}  ", figure(inspection.low + width * static_cast<double>(i)));
    for (long b = 0; b < bar; ++b) text += "█";
    text += fmt::format("{}{}\n", bar > 0 ? " " : "", grouped(inspection.bins[i]));
  }
  return text + fmt::format("{:>12}  {}\n", "above", grouped(inspection.above));
}

std::string kind_text(const std::optional<InspectedTensor>& tensor) {
  return tensor ? tensor->type + " " + shape_text(tensor->shape) : std::string("-");
}

std::string tensor_differences(const FileDifference& difference, const Layout& layout) {
  Table table({{"tensor"},
               {"first"},
               {"second"},
               {"values", true},
               {"rel L2", true},
               {"max |Δ|", true},
               {"cosine", true}});
  for (const TensorDifference& entry : difference.tensors) {
    std::vector<Cell> cells = {{escaped(entry.name)}, {kind_text(entry.a)}, {kind_text(entry.b)}};
    if (entry.a && entry.b && entry.a->shape == entry.b->shape && entry.a->type != entry.b->type)
      cells[2].text = entry.b->type;
    if (entry.a && entry.b && entry.a->shape == entry.b->shape && entry.a->type == entry.b->type)
      cells[2].text = "same";
    if (const auto& d = entry.distance) {
      for (const std::string& text : {grouped(d->differing), distance_text(d->relative_l2),
                                      distance_text(d->max_abs_diff), cosine_text(d->cosine)})
        cells.push_back({text});
    }
    table.add(std::move(cells));
  }
  return table.text(layout);
}

/// What the two models compute differently.
std::string fact_differences(const FileDifference& difference, const Layout& layout) {
  Table table({{"computes with"}, {"first"}, {"second"}});
  bool any = false;
  for (const ModelFactPair& fact : difference.facts) {
    if (fact.a == fact.b) continue;
    any = true;
    table.add({{fact.name}, {fact.a}, {fact.b}});
  }
  std::string text;
  if (!difference.facts_unknown.empty()) {
    text = "\n" + layout.labelled("not known",
                                  "what is computed with the weights: " + difference.facts_unknown);
  }
  return any ? "\n" + table.text(layout) : text;
}

}  // namespace

std::string inspection_text(const Inspection& inspection, const Layout& layout) {
  return header(inspection, layout) +
         (inspection.kind.empty() || !inspection.tokenizer.model.empty()
              ? tokenizer(inspection.tokenizer, layout)
              : std::string()) +
         "\n" + metadata(inspection, layout) + "\n" + types(inspection, layout) + "\n" +
         tensors(inspection, layout) + "\n" +
         findings(inspection.findings, inspection.weights_read, layout);
}

std::string tensor_text(const TensorInspection& inspection, const Layout& layout) {
  const InspectedTensor& tensor = inspection.tensor;
  const ValueSummary& values = *tensor.values;
  std::string text = layout.labelled(
      "tensor", fmt::format("{}, {}, {}, {} in {}, SHA-256 {}…", escaped(tensor.name), tensor.type,
                            shape_text(tensor.shape), counted(tensor.elements, "value"),
                            size_text(tensor.bytes), tensor.sha256.substr(0, kShownDigits)));
  text += layout.labelled("values",
                          fmt::format("min {}, max {}, mean {}, rms {}", figure(values.min),
                                      figure(values.max), figure(values.mean), figure(values.rms)));
  text += layout.labelled("", fmt::format("{}, {} not finite", counted(values.zeros, "zero"),
                                          grouped(values.non_finite)));
  std::string quantiles;
  for (const auto& [q, value] : inspection.quantiles) {
    quantiles += fmt::format("{}{:g} %: {}", quantiles.empty() ? "" : ", ", 100 * q, figure(value));
  }
  if (!quantiles.empty()) text += layout.labelled("quantiles", quantiles);
  return text + "\n" + histogram(inspection);
}

std::string difference_text(const FileDifference& difference, const Layout& layout) {
  std::string text =
      layout.labelled("first", escaped(difference.a)) + i2s(difference.a_i2s, layout);
  text += layout.labelled("second", escaped(difference.b)) + i2s(difference.b_i2s, layout);
  if (!difference.metadata.empty()) {
    Table table({{"key", false, 40}, {"first"}, {"second"}});
    for (const MetadataDifference& entry : difference.metadata) {
      table.add({{escaped(entry.key)},
                 {entry.a ? value_text(*entry.a) : "-"},
                 {entry.b ? value_text(*entry.b) : "-"}});
    }
    text += "\n" + table.text(layout);
  }
  text += fact_differences(difference, layout);
  if (!difference.tensors.empty()) {
    text += "\n" + tensor_differences(difference, layout) + "\n" +
            tensor_changes_text(difference, {"first file", "second file"}, kShownChanges, layout);
  }
  const std::string same = counted(std::ssize(difference.identical), "tensor");
  if (difference.metadata.empty() && difference.tensors.empty())
    return text + "\n" + layout.labelled("same", same + " and all metadata", Tint::good);
  return text + "\n" +
         layout.labelled("differ",
                         fmt::format("{} and {}; {} identical by SHA-256",
                                     counted(std::ssize(difference.metadata), "key"),
                                     counted(std::ssize(difference.tensors), "tensor"), same),
                         Tint::bad);
}

}  // namespace crossval
