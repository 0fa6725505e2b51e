"""Pages of --html in a real browser: nothing of a token runs, buttons work, a phone's width is enough."""
import html
import json
import re
import shutil
import subprocess

import pytest

from axe import axe_core, fetching
from test_html import HOSTILE, hostile, page  # noqa: F401  (fixtures)
from test_suite import tiny  # noqa: F401

CHROMIUM = shutil.which("chromium")
if CHROMIUM is None:
    pytest.skip("chromium is not installed: scripts/deps.sh pages", allow_module_level=True)


def dom(path, *more):
    done = subprocess.run([CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--virtual-time-budget=2000", "--dump-dom", *more,
                           path.as_uri()], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def axe():
    try:
        return axe_core()
    except fetching.Refused as why:
        pytest.skip(f"not fetched: {why}")


LOOK = """<script>
axe.run(document).then(found => { document.title = JSON.stringify({dark: matchMedia("(prefers-color-scheme: dark)").matches,
  broken: found.violations.map(v => [v.id, v.nodes.length, v.nodes[0].html, v.nodes[0].failureSummary]),
  passes: found.passes.map(p => p.id)}); });
</script></body>"""


def barriers(axe, path, dark, width=1200, spoil=lambda text: text):
    """What axe-core finds on a page: rule, how often, the first place, why."""
    probe = path.with_name(f"{path.stem}-axe.html")
    probe.write_text(spoil(path.read_text()).replace("</body>", f"<script>{axe}</script>{LOOK}"))
    shown = dom(probe, f"--blink-settings=preferredColorScheme={0 if dark else 1}", f"--window-size={width},900", "--virtual-time-budget=20000")
    seen = json.loads(html.unescape(re.search(r"<title>(.*?)</title>", shown, re.S)[1]))
    assert seen["dark"] == dark and "color-contrast" in seen["passes"] and len(seen["passes"]) > 20
    return seen["broken"]


PAGES = {
    "comparison": (("per-token", "--candidate", "native:fault=rope-pairing", "--reference", "native", "--max-tokens", "2", "--require", "bits",
                    "--first-diff"), 1),
    "comparison, the same": (("per-token", "--candidate", "native", "--reference", "native", "--max-tokens", "0"), 0),
    "explanation": (("explain", "--candidate", "native:fault=rope-base@3", "--reference", "native"), 1),
}


@pytest.mark.parametrize("dark", (False, True))
@pytest.mark.parametrize("name", PAGES)
def test_nobody_is_kept_out_of_a_page(axe, page, name, dark):
    arguments, code = PAGES[name]
    assert barriers(axe, page(*arguments, code=code), dark) == []


@pytest.fixture(scope="module")
def suite_page(crossval, tiny, tmp_path_factory):  # noqa: F811
    """With all of its parts: what fails and what does not, limits, two by two, explained runs, shards that are missing."""
    folder = tmp_path_factory.mktemp("page")
    (folder / "s.json").write_text(json.dumps({
        "models": {"a": str(tiny), "b": str(tiny)}, "max_tokens": 1, "prompts": [{"set": "smoke"}], "explain": 1, "limits": {"mean_kl": 0},
        "two_by_two": [{"engines": ["native", "oracle"], "models": ["a", "b"]}], "shards": 4,
        "pairs": [{"name": name, "model": "a", "candidate": candidate, "reference": "native", "require": "bits"}
                  for name, candidate in (("wrong", "native:fault=rope-base@0"), ("same", "native"), ("broken", "native:fault=nan"))]}))
    run = crossval("suite", "run", folder / "s.json", "-q", "-o", folder / "r", "--html", folder / "whole.html")
    assert run.code == 3, run.err
    for kept in ("result.sqlite", "shard-1-of-4.sqlite"):
        (folder / "r" / kept).unlink()
    assert crossval("suite", "report", folder / "r", "--html", folder / "incomplete.html").code == 3
    return folder


@pytest.mark.parametrize("dark", (False, True))
@pytest.mark.parametrize("name, width", [("whole", 1200), ("whole", 400), ("incomplete", 1200)])
def test_nobody_is_kept_out_of_a_suites_page(axe, suite_page, name, width, dark):
    assert barriers(axe, suite_page / f"{name}.html", dark, width) == []


def test_a_barrier_is_found(axe, page):
    """The control: text that cannot be read, and a button without a name."""
    arguments, code = PAGES["comparison, the same"]
    found = barriers(axe, page(*arguments, code=code), False,
                     spoil=lambda text: text.replace("</h1>", '</h1><p style="color:#ccc">pale</p><button type="button"></button>'))
    assert {"color-contrast", "button-name"} <= {rule for rule, *_ in found}


def test_a_browser_runs_nothing_of_a_token(hostile):
    shown = dom(hostile)
    assert "<title>crossval: DIVERGED</title>" in shown


def test_sorting_and_filtering_work_in_a_browser(page):
    """A script of the test's, in a copy of the page, presses the buttons and leaves what it saw in the title."""
    path = page("per-token", "--candidate", "native:fault=rope-pairing", "--reference", "native", "--max-tokens", "0", "--require",
                "bits", code=1)
    probe = path.with_name("probe.html")
    probe.write_text(path.read_text().replace("</body>", """<script>
const table = [...document.querySelectorAll("table")].at(-1), button = [...table.querySelectorAll("th button")];
button[3].click();
const values = [...table.tBodies[0].rows].map(row => Number(row.children[3].dataset.value));
document.querySelector(".filter button").click();
const left = [...table.tBodies[0].rows].filter(row => getComputedStyle(row).display !== "none").length;
document.title = JSON.stringify({values, left, wide: document.documentElement.scrollWidth <= innerWidth});
</script></body>"""))
    seen = json.loads(re.search(r"<title>(.*)</title>", dom(probe, "--window-size=400,800"))[1])
    assert seen["values"] == sorted(seen["values"], reverse=True) and len(seen["values"]) > 5
    assert 0 < seen["left"] <= len(seen["values"]) and seen["wide"]


def test_a_suites_page(crossval, tiny, tmp_path):  # noqa: F811
    """Hostile names of prompts and pairs stay text; a phone's width is enough; sorting and filtering work."""
    lines = [{"id": f"{i} {name}", "text": f"text {i}"} for i, name in enumerate(HOSTILE)]
    (tmp_path / "p.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    (tmp_path / "s.json").write_text(json.dumps({
        "name": HOSTILE[0], "models": {"tiny": str(tiny)}, "max_tokens": 0, "prompts": [{"file": "p.jsonl"}],
        "pairs": [{"name": HOSTILE[0], "candidate": "native:fault=eps", "reference": "native", "require": "bits"}]}))
    path = tmp_path / "page.html"
    run = crossval("suite", "run", tmp_path / "s.json", "-o", tmp_path / "r", "--html", path, "-q")
    assert run.code == 1, run.err
    probe = tmp_path / "probe.html"
    probe.write_text(path.read_text().replace("</body>", """<script>
const table = [...document.querySelectorAll("table")].find(t => t.textContent.includes("DIVERGED") && t.rows.length > 4);
const seen = {title: document.title, rows: table.tBodies[0].rows.length, scripts: document.scripts.length, images: document.images.length,
  wide: document.documentElement.scrollWidth <= innerWidth};
table.querySelectorAll("th button")[0].click();
const names = [...table.tBodies[0].rows].map(row => row.children[0].textContent);
seen.sorted = JSON.stringify(names) === JSON.stringify([...names].sort((a, b) => b.localeCompare(a)));
document.title = JSON.stringify(seen);
</script></body>"""))
    seen = json.loads(html.unescape(re.search(r"<title>(.*)</title>", dom(probe, "--window-size=400,800"), re.S)[1]))
    assert "owned" != seen["title"] and seen["images"] == 0 and seen["scripts"] == 2
    assert seen["rows"] == len(HOSTILE) and seen["wide"] and seen["sorted"]
