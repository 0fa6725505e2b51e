#include "report/html/page.h"

#include <fmt/format.h>

#include "report/html/escape.h"

namespace crossval {
namespace {

constexpr std::string_view kStyle = R"(
:root { color-scheme: light dark; --back: #fff; --text: #1b1b1f; --dim: #5f6068; --line: #d9d9e0; --card: #f5f5f8;
  --good: #146c2e; --bad: #b3261e; --warn: #7a5900; --mark: #0b57d0; }
@media (prefers-color-scheme: dark) { :root { --back: #16161a; --text: #e7e7ec; --dim: #a5a6b0; --line: #3a3a44;
  --card: #202027; --good: #7fd494; --bad: #ff9d94; --warn: #f2c14e; --mark: #a8c7fa; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 72rem; padding: 1rem; background: var(--back); color: var(--text);
  font: 1rem/1.5 system-ui, sans-serif; }
h1 { font-size: 1.6rem; line-height: 1.25; margin: .5rem 0; }
h2 { font-size: 1.15rem; margin: 2rem 0 .5rem; }
pre, code, td, .tokens { font-family: ui-monospace, monospace; font-size: .85rem; }
pre { overflow-x: auto; background: var(--card); padding: .75rem; border-radius: .4rem; margin: .5rem 0; }
.good { color: var(--good); } .bad { color: var(--bad); } .dim { color: var(--dim); }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; padding: .25rem .6rem; border-bottom: 1px solid var(--line); vertical-align: top; }
th button { font: inherit; font-weight: 600; color: inherit; background: none; border: 0; padding: 0; cursor: pointer; }
th button::after { content: " ↕"; color: var(--dim); }
td.number { text-align: right; white-space: nowrap; }
svg { width: 100%; height: auto; display: block; }
svg text { fill: var(--dim); font: 12px system-ui, sans-serif; }
.tokens { background: var(--card); padding: .75rem; border-radius: .4rem; overflow-wrap: anywhere; line-height: 2; }
.tokens span { padding: .1rem .15rem; border-radius: .2rem; white-space: pre-wrap; }
.tokens .fails { outline: 1px solid var(--bad); }
.tokens .first { outline: 3px solid var(--bad); font-weight: 700; }
.command { display: flex; gap: .5rem; align-items: flex-start; }
.command pre { flex: 1; margin: 0; white-space: pre-wrap; overflow-wrap: anywhere; }
.command button, .filter button { font: inherit; padding: .4rem .8rem; border: 1px solid var(--line); border-radius: .4rem;
  background: var(--card); color: inherit; cursor: pointer; }
.filter { margin: .5rem 0; }
button:focus-visible { outline: 3px solid var(--mark); }
tr.passes.hidden, tr.filtered { display: none; }
.filter input { font: inherit; padding: .4rem; border: 1px solid var(--dim); border-radius: .4rem; background: var(--back);
  color: inherit; max-width: 100%; }
td .command { min-width: 12rem; } td.words { min-width: 16rem; overflow-wrap: anywhere; }
summary { cursor: pointer; }
.map { line-height: 0; margin: .25rem 0 1rem; }
.map i, .legend i { display: inline-block; width: 14px; height: 16px; margin: 1px; font: 700 11px/16px ui-monospace, monospace;
  text-align: center; background: var(--card); color: var(--text); --tint: var(--card); }
i.wrong { --tint: var(--bad); } i.drifts { --tint: var(--warn); } i.right { --tint: var(--good); }
i.none { outline: 1px dashed var(--dim); outline-offset: -1px; }
i.k0 { background: color-mix(in srgb, var(--tint) 14%, var(--back)); }
i.k1 { background: color-mix(in srgb, var(--tint) 24%, var(--back)); }
i.k2 { background: color-mix(in srgb, var(--tint) 34%, var(--back)); }
i.k3 { background: color-mix(in srgb, var(--tint) 46%, var(--back)); }
.legend { display: flex; flex-wrap: wrap; gap: .25rem 1rem; list-style: none; padding: 0; margin: .5rem 0; }
)";

// Sorting, filtering, copying, saying what a cell of a map is: the page is whole without them.
constexpr std::string_view kScript = R"(
for (const button of document.querySelectorAll("th button")) button.addEventListener("click", () => {
  const cell = button.parentElement, table = cell.closest("table"), body = table.tBodies[0];
  const column = [...cell.parentElement.children].indexOf(cell), down = cell.getAttribute("aria-sort") !== "descending";
  for (const other of cell.parentElement.children) other.removeAttribute("aria-sort");
  cell.setAttribute("aria-sort", down ? "descending" : "ascending");
  const key = row => row.children[column].dataset.value ?? row.children[column].textContent;
  const compare = (a, b) => { const x = Number(a), y = Number(b);
    return Number.isNaN(x) || Number.isNaN(y) ? a.localeCompare(b) : x - y; };
  const rows = [...body.rows].sort((a, b) => compare(key(a), key(b)));
  body.append(...(down ? rows.reverse() : rows));
});
for (const button of document.querySelectorAll(".filter button")) button.addEventListener("click", () => {
  const pressed = button.getAttribute("aria-pressed") !== "true";
  button.setAttribute("aria-pressed", pressed);
  for (const row of document.querySelectorAll("tr.passes")) row.classList.toggle("hidden", pressed);
});
for (const button of document.querySelectorAll(".command button")) button.addEventListener("click", async () => {
  const text = button.parentElement.querySelector("pre");
  button.removeAttribute("aria-label");
  try { await navigator.clipboard.writeText(text.textContent); button.textContent = "Copied"; }
  catch { text.closest("details")?.setAttribute("open", ""); getSelection().selectAllChildren(text);
    button.textContent = "Press Ctrl-C"; }
});
for (const input of document.querySelectorAll(".filter input")) input.addEventListener("input", () => {
  const wanted = input.value.toLowerCase();
  for (const row of input.closest("section").querySelectorAll("tbody tr"))
    row.classList.toggle("filtered", !row.textContent.toLowerCase().includes(wanted));
});
for (const map of document.querySelectorAll(".map")) map.addEventListener("click", event => {
  if (event.target.title) map.nextElementSibling.textContent = event.target.title;
});
)";

}  // namespace

std::string html_page(std::string_view title, std::string_view body) {
  return fmt::format(
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src "
      "'unsafe-inline'; script-src 'unsafe-inline'\">\n"
      "<title>{}</title>\n<style>{}</style>\n</head>\n<body>\n<main>\n{}</main>\n"
      "<script>{}</script>\n</body>\n</html>\n",
      html_escaped(title), kStyle, body, kScript);
}

std::string html_section(std::string_view heading, std::string_view content) {
  if (content.empty()) return {};
  return fmt::format("<section>\n<h2>{}</h2>\n{}</section>\n", html_escaped(heading), content);
}

std::string html_sortable_heads(std::initializer_list<std::string_view> names) {
  std::string heads;
  for (const std::string_view name : names) {
    heads += fmt::format("<th scope=\"col\"><button type=\"button\">{}</button></th>",
                         html_escaped(name));
  }
  return heads;
}

std::string html_lines(std::string_view text) {
  if (text.empty()) return {};
  return fmt::format("<pre tabindex=\"0\">{}</pre>\n", html_escaped(text));
}

std::string html_command(std::string_view command) {
  if (command.empty()) return {};
  return fmt::format(
      "<div class=\"command\"><pre tabindex=\"0\">{}</pre>"
      "<button type=\"button\">Copy</button></div>\n",
      html_escaped(command));
}

}  // namespace crossval
