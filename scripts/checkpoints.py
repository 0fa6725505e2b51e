#!/usr/bin/env python3
"""Renews the table of docs/checkpoints.md: transformers on tiny checkpoints beside their GGUF files (make test-engines first).

usage: scripts/checkpoints.py [CROSSVAL [NAME...]]    (default build/release/crossval and all of them; ten minutes)
With names their rows alone are measured, and the others stay.
"""
import json
import os
import pathlib
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
PROGRAM = ROOT / (sys.argv[1] if len(sys.argv) > 1 else "build/release/crossval")
os.environ["CROSSVAL"] = str(PROGRAM)
sys.path.insert(0, str(ROOT / "tests" / "e2e"))

from transformers_env import PYTHON, hf, make  # noqa: E402  (it extends the path)

import crossval  # noqa: E402
from page_table import table_of, with_table  # noqa: E402
from checkpoint_families import FAMILIES, IDS, LOSSES  # noqa: E402

HEAD = ["| checkpoint | tokens | template | weights | logits, max \\|Δ\\| | top-1 | values shown | explain |",
        "|---|---|---|---|---:|---|---:|---|"]
TABLE = "scripts/checkpoints.py"
TEXT = (ROOT / "tests" / "data" / "prompts" / "math-02-unicode.txt").read_text() + \
    (ROOT / "tests" / "data" / "prompts" / "prose-13-contractions.txt").read_text()
MESSAGES = [{"role": "user", "content": "Hi  there\n"}, {"role": "assistant", "content": " b "},
            {"role": "user", "content": "<b>\"é\" & {{x}}"}]
RENDER = """import json, sys, transformers
tokenizer = transformers.AutoTokenizer.from_pretrained(sys.argv[1])
print(json.dumps(tokenizer.apply_chat_template(json.loads(sys.argv[2]), tokenize=False, add_generation_prompt=True)))"""


def run(*args):
    done = subprocess.run([PROGRAM, *map(str, args), "--format", "json"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                          check=False)
    return json.loads(done.stdout)


def tokens(file, checkpoint):
    ids = [run("tokenize", "-m", file, "-p", TEXT, "--engine", engine).get("tokens") for engine in ("native", hf(checkpoint))]
    return f"{len(ids[0])} equal" if ids[0] and ids[0] == ids[1] else "differ"


def template(file, checkpoint, folder):
    messages = folder / "messages.json"
    messages.write_text(json.dumps(MESSAGES))
    theirs = subprocess.run([PYTHON, "-c", RENDER, checkpoint, json.dumps(MESSAGES)], check=True, text=True,
                            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout.splitlines()[-1]
    ours = run("tokenize", "-m", file, "--messages", messages)
    return "equal" if ours.get("prompt", {}).get("text") == json.loads(theirs) else "differs"


def weights(file, checkpoint):
    found = run("inspect", file, "--against", checkpoint)
    if found.get("status") == "error":
        return "not read"
    names = sorted({finding["name"] for finding in found["findings"]})
    return ", ".join(names) or "equal"


def row(name, folder):
    checkpoint, file = folder / name, folder / f"{name}.gguf"
    rows = crossval.compare(file, IDS, "native", hf(checkpoint), cos_tol=0.9999999, max_tokens=2, program=PROGRAM)
    judged = crossval.explain(file, IDS, "native", hf(checkpoint), program=PROGRAM)
    place = f" at {judged.reference.first_beyond}" if judged.reference.first_beyond else ""
    return (f"| {name} | {tokens(file, checkpoint)} | {template(file, checkpoint, folder)} | {weights(file, checkpoint)} | "
            f"{max(p.max_abs_diff for p in rows.positions):.1e} | "
            f"{len(rows.positions) - rows.raw['argmax_flips']} of {len(rows.positions)} | "
            f"{judged.reference.shown} of {len(judged.operations)} | {judged.verdict}{place} |")


def rows_of(page):
    """The table's rows by their checkpoint, as the page has them."""
    return {line.split(" | ")[0].removeprefix("| "): line for line in table_of(page, TABLE).splitlines()[len(HEAD):]}


def main():
    page = ROOT / "docs" / "checkpoints.md"
    known = [name for name in FAMILIES if name not in LOSSES] + LOSSES
    rows = rows_of(page.read_text())
    with tempfile.TemporaryDirectory() as place:
        folder = pathlib.Path(place)
        names = sys.argv[2:] or known
        make(folder, names)
        for name in names:
            try:
                rows[name] = row(name, folder)
            except crossval.Failed as failed:
                rows[name] = f"| {name} | | | {weights(folder / f'{name}.gguf', folder / name)} | | | | {failed.what} |"
            print(rows[name], flush=True)
    lines = HEAD + [rows[name] for name in known if name in rows]
    page.write_text(with_table(page.read_text(), TABLE, "\n".join(lines)))


if __name__ == "__main__":
    main()
