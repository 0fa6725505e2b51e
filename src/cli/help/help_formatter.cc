#include "cli/help/help_formatter.h"

#include "cli/help/option_table.h"
#include "report/text/layout.h"

namespace crossval {
namespace {

constexpr int kWidth = 80;
constexpr size_t kNameWidth = 27;

// The name, then the description wrapped beside it; below it when the name is long.
std::string entry(const std::string& name, const std::string& description) {
  const Layout layout{.color = false, .width = kWidth - static_cast<int>(kNameWidth)};
  std::string lines = layout.paragraph(description);
  std::string text = "  " + name;
  text += text.size() < kNameWidth ? std::string(kNameWidth - text.size(), ' ')
                                   : "\n" + std::string(kNameWidth, ' ');
  for (size_t at = 0; at < lines.size(); ++at) {
    text += lines[at];
    if (lines[at] == '\n' && at + 1 < lines.size()) text.append(kNameWidth, ' ');
  }
  return text;
}

}  // namespace

HelpFormatter::HelpFormatter() { label("SUBCOMMAND", "COMMAND"); }

std::string HelpFormatter::make_description(const CLI::App* app) const {
  return Layout{.color = false, .width = kWidth}.paragraph(app->get_description()) + "\n";
}

std::string HelpFormatter::make_footer(const CLI::App* app) const {
  const std::string text = app->get_footer();
  return text.empty() ? text : Layout{.color = false, .width = kWidth}.paragraph(text);
}

std::string HelpFormatter::make_help(const CLI::App* app, std::string name,
                                     CLI::AppFormatMode mode) const {
  std::string text = CLI::Formatter::make_help(app, std::move(name), mode);
  for (size_t at = text.find("\n\n\n"); at != std::string::npos; at = text.find("\n\n\n", at)) {
    text.erase(at, 1);
  }
  return text;
}

std::string HelpFormatter::make_option(const CLI::Option* option, bool is_positional) const {
  const std::string shown = value_name(*option);
  return entry(option->get_name(is_positional, !is_positional) + (shown.empty() ? "" : " " + shown),
               option_help(*option));
}

std::string HelpFormatter::make_subcommand(const CLI::App* sub) const {
  return entry(sub->get_name(), sub->get_description());
}

}  // namespace crossval
