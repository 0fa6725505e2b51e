#!/usr/bin/env python3
"""Example output in README.md and docs/ comes from the commands; this checks or renews it.

An example is a comment naming the command, then a fenced block holding what it prints:

    <!-- example: crossval tokenize -m $MODEL -p "Hello" -->
    ```text
    ...
    ```

Commands run by bash in the repository root with crossval on the PATH and MODEL set. stdout is shown, then
a line "exit status N" when N is not 0. Parts that differ between machines are masked before they are
compared (MASKS); the shown text keeps what was seen when the example was renewed.

usage: scripts/doc_examples.py --check|--update [FILE.md…]
"""
import os
import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
EXAMPLE = re.compile(r"(<!-- example: (?P<command>.+?) -->\n```(?P<lang>\w*)\n)(?P<text>.*?)(?P<end>^```$)",
                     re.S | re.M)
MASKS = [
    (re.compile(r"\b(avx512\S*|avx2\S*|AVX\S*|scalar)\b"), "ISA"),
    (re.compile(r"\b(g\+\+|GCC|GNU|clang|Clang) ?\d[\d.]*"), "COMPILER"),
    (re.compile(r"\bglibc \d[\d.]*"), "LIBC"),
    (re.compile(r"\b(?<=commit )[0-9a-f]{7,40}(-dirty)?\b"), "COMMIT"),  # seven digits elsewhere are a figure
    (re.compile(r"\b\d+(\.\d+)? ?(s|ms|MB|MiB|GB|tokens/s|rows/s)\b"), "FIGURE"),
    (re.compile(r"(/[\w.+-]+){2,}"), "PATH"),
    (re.compile(r"[ \t]+"), " "),
]


def masked(text):
    for pattern, word in MASKS:
        text = pattern.sub(word, text)
    return [line.rstrip() for line in text.strip().splitlines()]


def produce(command):
    done = subprocess.run(["bash", "-c", command], cwd=ROOT, text=True, stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL, timeout=600)
    out = done.stdout.rstrip("\n")
    return out + (f"\nexit status {done.returncode}" if done.returncode else "") + "\n"


def documents():
    return [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


def main():
    mode, files = sys.argv[1], [pathlib.Path(f) for f in sys.argv[2:]]
    files = files or documents()
    binary = pathlib.Path(os.environ.get("CROSSVAL", ROOT / "build/release/crossval")).resolve()
    os.environ["PATH"] = f"{binary.parent}:{os.environ['PATH']}"
    os.environ["MODEL"] = subprocess.run([ROOT / "scripts/reference.sh", "model"], check=True, text=True,
                                         stdout=subprocess.PIPE).stdout.strip()
    scratch = tempfile.TemporaryDirectory()  # what examples make with mktemp goes away with it
    os.environ["TMPDIR"] = scratch.name
    stale = seen = 0

    def renew(match):
        nonlocal stale, seen
        seen += 1
        text = produce(match["command"])
        if masked(text) == masked(match["text"]):
            return match[0]
        stale += 1
        print(f"{path.name}: {match['command']}\n--- shown\n{match['text']}--- printed now\n{text}")
        return match[1] + text + match["end"]

    for path in files:
        renewed = EXAMPLE.sub(renew, path.read_text())
        if mode == "--update":
            path.write_text(renewed)
    print(f"examples: {seen} run, {stale} differ")
    return 0 if seen and (mode == "--update" or not stale) else 1


if __name__ == "__main__":
    sys.exit(main())
