#include "report/text/conformance.h"

#include <fmt/format.h>

#include <algorithm>

#include "report/text/comparison/parts.h"
#include "report/text/printable.h"
#include "report/words.h"

namespace crossval {
namespace {

constexpr size_t kNames = 17;  // columns, blanks included

const char* mark_of(Keeping keeping) {
  switch (keeping) {
    case Keeping::kept:
      return "✓";
    case Keeping::broken:
      return "✗";
    case Keeping::not_checked:
      return "–";
  }
  return "";
}

Tint tint_of(Keeping keeping) {
  return keeping == Keeping::broken ? Tint::bad : keeping == Keeping::kept ? Tint::good : Tint::dim;
}

std::string item_lines(const ConformanceItem& item, const Layout& layout) {
  std::string name = item.name;
  name.resize(kNames, ' ');
  std::string lines =
      layout.tinted(tint_of(item.keeping), mark_of(item.keeping)) + " " + name + item.rule + "\n";
  std::string_view why = item.why;
  while (!why.empty()) {
    const std::string_view line = why.substr(0, why.find('\n'));
    lines += std::string(2 + kNames, ' ') + printable(line) + "\n";
    why.remove_prefix(std::min(why.size(), line.size() + 1));
  }
  return lines;
}

}  // namespace

std::string conformance_text(const Conformance& conformance, const Layout& layout) {
  std::string text;
  if (!conformance.engine.identity.name.empty())
    text += layout.labelled("engine", name_line(conformance.engine.identity), Tint::strong) + "\n";
  for (const ConformanceItem& item : conformance.items) {
    text += item_lines(item, layout);
    const bool starts = conformance.items.front().keeping == Keeping::kept;
    if (!starts) break;  // of the others there is nothing to say
  }
  const auto count = [&](Keeping keeping) {
    return std::ranges::count(conformance.items, keeping, &ConformanceItem::keeping);
  };
  const auto broken = count(Keeping::broken);
  const std::string word = broken == 0 ? "CONFORMS" : "BREAKS-THE-PROTOCOL";
  const std::string sentence =
      fmt::format("{}: {} of {} rules kept, {} broken, {} not checked.", word, count(Keeping::kept),
                  conformance.items.size(), broken, count(Keeping::not_checked));
  text += "\n" + layout.tinted(broken == 0 ? Tint::good : Tint::bad, word) +
          layout.paragraph(sentence).substr(word.size());
  return text;
}

}  // namespace crossval
