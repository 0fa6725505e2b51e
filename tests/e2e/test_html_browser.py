"""Pages of --html in a real browser: nothing of a token runs, buttons work, a phone's width is enough."""
import json
import re
import shutil
import subprocess

import pytest

from test_html import hostile, page  # noqa: F401  (fixtures)

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
