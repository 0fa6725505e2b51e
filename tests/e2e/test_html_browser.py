"""Pages of --html in a real browser: nothing of a token runs, buttons work, a phone's width is enough."""
import json
import re
import shutil
import subprocess

import pytest

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
    import html
    seen = json.loads(html.unescape(re.search(r"<title>(.*)</title>", dom(probe, "--window-size=400,800"), re.S)[1]))
    assert "owned" != seen["title"] and seen["images"] == 0 and seen["scripts"] == 2
    assert seen["rows"] == len(HOSTILE) and seen["wide"] and seen["sorted"]
