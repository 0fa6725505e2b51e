#!/usr/bin/env python3
"""Renews the table of measured engines in docs/engines.md: each beside native on the real model (make test-engines first).

usage: scripts/engines.py [CROSSVAL]    (default build/release/crossval; some minutes)
"""
import pathlib
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "engines" / "python"))

import crossval
from page_table import with_table

PROGRAM = ROOT / (sys.argv[1] if len(sys.argv) > 1 else "build/release/crossval")
PROMPT = ROOT / "tests" / "data" / "prompts" / "prose-02-letter.txt"
REAL, TESTS = ROOT / "build" / "engines" / "bin" / "python", ROOT / "build" / "venv" / "bin" / "python"
PACKAGE = ROOT / "engines" / "python"
ENGINES = [
    ("llama.cpp, canonical", "`make reference`", "llama.cpp"),
    ("llama.cpp, production", "`make reference`", "llama.cpp:profile=production"),
    ("numpy, 59 lines ([python.md](python.md))", "numpy, gguf",
     crossval.spec([TESTS, PACKAGE / "examples" / "numpy_llama.py"], {"PYTHONPATH": str(PACKAGE)})),
    ("mlx 0.32.4, mlx-lm 0.32.2", "`make test-engines`, 28 MB to fetch",
     crossval.spec([REAL, ROOT / "engines" / "mlx" / "engine.py"])),
    ("OpenVINO GenAI 2026.4.1", "`make test-engines`, 68 MB to fetch",
     crossval.spec([REAL, ROOT / "engines" / "openvino" / "engine.py"])),
    ("tinygrad 0.13.0", "`make test-engines`, 3 MB to fetch and clang",
     crossval.spec([REAL, ROOT / "engines" / "tinygrad" / "engine.py"])),
]
HEAD = ["| engine | installed by | weights | positions, steps | lowest cosine | max \\|Δ\\| | top-1 | values shown | explain | time |",
        "|---|---|---|---|---:|---:|---|---:|---|---:|"]


def script(*args):
    return subprocess.run([ROOT / "scripts" / "reference.sh", *args], check=True, text=True,
                          stdout=subprocess.PIPE).stdout.strip().splitlines()[-1]


def row(name, install, engine, weights, model):
    text = PROMPT.read_text()
    begin = time.monotonic()
    found = crossval.compare(model, text, engine, "native", kv="f32", cos_tol=0.9, max_tokens=4, program=PROGRAM)
    seconds = time.monotonic() - begin
    judged = crossval.explain(model, text, engine, "native", kv="f32", program=PROGRAM)
    prompt = sum(not p.decode for p in found.positions)
    causes = f" ({', '.join(judged.causes)})" if judged.causes else ""
    return (f"| {name} | {install} | {weights} | {prompt}, {len(found.positions) - prompt} | "
            f"{min(p.cosine for p in found.positions):.7f} | {max(p.max_abs_diff for p in found.positions):.1e} | "
            f"{len(found.positions) - found.raw['argmax_flips']} of {len(found.positions)} | "
            f"{judged.candidate.shown} of {len(judged.operations)} | {judged.verdict}{causes} | {seconds:.0f} s |")


def main():
    models = [("Q4_1", script("model")), ("Q8_0", script("quantized", "Q8_0"))]
    rows = list(HEAD)
    for engine in ENGINES:
        for model in models:
            rows.append(row(*engine, *model))
            print(rows[-1], flush=True)
    page = ROOT / "docs" / "engines.md"
    page.write_text(with_table(page.read_text(), "scripts/engines.py", "\n".join(rows)))


if __name__ == "__main__":
    main()
