#!/usr/bin/env python3
"""Writes docs/architectures.md: the table of src/model/architectures.cc and what was measured.

usage: scripts/architectures.py CROSSVAL [FIXTURES]    (a built crossval; fixtures and reference are made when missing)

Each of upstream's fixtures is compared by `crossval per-token --require bits`: 40 fixed ids, 4 decode steps, KV cache
in f16 and f32, chunks of 40, 7 and 1. So is each model that `crossval synth` makes of an architecture
(tests/e2e/made_models.py): prefill, chunks, decode; then each planted fault that applies to one of them. The page names
the commit of the program that was measured.
"""
import json
import pathlib
import random
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests" / "e2e"))
import feature_faults  # noqa: E402
import made_models  # noqa: E402

PAGE = ROOT / "docs" / "architectures.md"
IDS = random.Random(5).sample(range(128), 40)
SETTINGS = [(kv, chunk) for kv in ("f16", "f32") for chunk in (40, 7, 1)]
PLAIN = {"examples", "name", "nodes", "default_size", "size_key", "presence", "kind"}


def entries():
    """(name, examples, fields that differ from llama's) of each row of the table."""
    text = (ROOT / "src" / "model" / "architectures.cc").read_text()
    table = text[text.index("kArchitectures[] = {"):]
    table = table[:table.index("\n};")]
    for row in re.split(r"\n    \{(?=\.name)", table)[1:]:
        name, examples = re.search(r'\.name = "(.*?)",\s*\.examples = "(.*?)"', row, re.S).groups()
        fields = [f for f in re.findall(r"\.(\w+) =\s", row) if f not in PLAIN]
        yield name, examples, list(dict.fromkeys(fields))


def compare(crossval, model, kv, chunk):
    """"identical", "refused", or the first node that differs."""
    done = subprocess.run([crossval, "per-token", "-q", "-m", model, "--tokens=" + ",".join(map(str, IDS)), "-c", "256",
                           "-b", str(chunk), "--kv", kv, "--require", "bits", "--format", "json", "--first-diff"],
                          stdout=subprocess.PIPE, text=True)
    result = json.loads(done.stdout)
    if done.returncode == 0 and result["verdict"] == "IDENTICAL" and result["identical_rows"] >= len(IDS):
        return "identical"
    if done.returncode == 5:
        return "refused"
    first = (result.get("trace") or {}).get("first") or {}
    return "differs at " + first.get("tensor", "no traced tensor")


def fixtures():
    if len(sys.argv) > 2:
        return pathlib.Path(sys.argv[2])
    done = subprocess.run([ROOT / "scripts" / "reference.sh", "archs"], check=True, stdout=subprocess.PIPE, text=True)
    return pathlib.Path(done.stdout.splitlines()[-1])


def measure(crossval):
    results = {}
    for model in sorted(fixtures().glob("*.gguf")):
        found = {compare(crossval, model, kv, chunk) for kv, chunk in SETTINGS}
        results[model.stem] = found.pop() if len(found) == 1 else ", ".join(sorted(found - {"identical"}))
        print(f"{model.stem}: {results[model.stem]}", file=sys.stderr)
    return results


class Crossval:
    """crossval("synth", …) -> an object with code, out, err and json, as in tests/e2e/conftest.py."""

    def __init__(self, binary):
        self.binary = binary

    def __call__(self, *args):
        done = subprocess.run([self.binary, *map(str, args)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.code, self.out, self.err = done.returncode, done.stdout, done.stderr
        return self

    @property
    def json(self):
        return json.loads(self.out)


def identical_in(run, mode):
    return run.code == 0 and run.json["identical_rows"] == made_models.POSITIONS + run.json["decode_steps"]


def faults_of(crossval, path):
    """(named as they should be, applicable) of the faults in what only some architectures have."""
    named = applicable = 0
    for fault, expected in feature_faults.EXPECTED.items():
        run = made_models.compare(crossval, path, "prefill", "--candidate", f"native:fault={fault}", "--first-diff")
        if run.code == 64:
            continue
        applicable += 1
        named += run.code == 1 and bool(re.fullmatch(expected, feature_faults.named(run)))
    return named, applicable


def measure_made(crossval):
    """name -> {"dense": (identical, of), "experts", "prefill", "chunks", "decode", "faults"}."""
    results = {}
    for name, row in made_models.table().items():
        if name in made_models.ELSEWHERE:
            continue
        counts = {key: [0, 0] for key in ("dense", "experts", *made_models.MODES)}
        with tempfile.TemporaryDirectory() as folder:
            for label, options in made_models.variants(name, row):
                path = pathlib.Path(folder) / "m.gguf"
                made_models.make(crossval, path, name, options)
                same = {mode: identical_in(made_models.compare(crossval, path, mode), mode) for mode in made_models.MODES}
                for key, good in (*same.items(), (label.split("-")[0], all(same.values()))):
                    counts[key][0] += good
                    counts[key][1] += 1
                if label.endswith("extras-2") and "faults" not in counts:
                    counts["faults"] = faults_of(crossval, path)
        results[name] = counts
        print(f"{name}: {counts}", file=sys.stderr)
    return results


def page(results, made, commit):
    identical = [f for f, r in results.items() if r == "identical"]
    rest = {f: r for f, r in results.items() if r != "identical"}
    rows, covered = [], set()
    for name, examples, fields in entries():
        mine = [f for f in (f"{name}-dense", f"{name}-moe", name) if f in results and f not in covered]
        covered.update(mine)
        said = "; ".join(f"{f}: {results[f]}" for f in mine) or "no fixture upstream"
        rows.append(f"| `{name}` | {examples} | {', '.join(fields) or 'as llama'} | {said} |")
    measured = []
    for name, counts in made.items():
        cell = lambda key: f"{counts[key][0]}/{counts[key][1]}" if counts[key][1] else "-"
        window = f"{made_models.WINDOW} of {made_models.POSITIONS}" if made_models.has_windows(
            made_models.table()[name]) else "-"
        measured.append(f"| `{name}` | " + " | ".join(map(cell, ("dense", "experts", *made_models.MODES))) +
                        f" | {window} | {cell('faults')} |")
    models = sum(c["prefill"][1] for c in made.values())
    good = sum(c[key][0] for c in made.values() for key in ("dense", "experts"))
    other = ", ".join(f"{f} ({r})" if r != "refused" else f for f, r in sorted(rest.items()))
    return f"""# Architectures

Generated by `scripts/architectures.py`; measured at commit {commit}.

A decoder-only transformer is a row of the table in `src/model/architectures.cc`; the forward pass
(`src/graph/decoder.cc`) is one for all of them but minicpm3, which has its own. The third column names the fields in which a row differs from llama;
`src/model/architecture.h` explains each. Everything else is refused by name, with the nearest supported architecture
and the command that compares two llama.cpp engines on such a file.

Heads, key/value heads and feed-forward widths may be one number or an array of one for each layer. They may differ from
layer to layer where upstream's graph has it so (`layer_sizes`); elsewhere an array of different numbers is refused, and
so is one of `expert_used_count` and `expert_feed_forward_length`. A value that nobody knows (`rope.scaling.type`,
`expert_gating_func`) or of another type than the key's is refused with what is known; so is `attention.causal = false`.

Measured on the models that upstream's `test-llama-archs` writes (`scripts/reference.sh archs`: small, random, F16 and
F32 weights): every logit of {len(IDS)} positions and 4 decode steps against canonical llama.cpp, KV cache f16 and f32,
chunks of 40, 7 and 1. **{len(identical)} of {len(results)} fixtures are bit-identical in all six settings.**

| architecture | models | differs from llama in | measured |
|---|---|---|---|
{chr(10).join(rows)}

Fixtures that are not supported: {other}.

## Made models

`crossval synth --arch NAME` makes a random model of each: 4 layers, 256 wide, five weight types in turn, a real small
vocabulary; with `--extras` the seed chooses the optional parts (biases, fused or separate Q, K and V, RoPE scaling and
factors, scales of matrices, a tied head, gating, window patterns, …), and some have heads wider than the model's share,
RoPE on a part of a head, six experts, or the number of layers that means something to the architecture. Compared with canonical llama.cpp as above: {len(made_models.IDS)}
positions in one chunk (prefill), in chunks of 7, and {made_models.STEPS} decode steps. **{good} of {models} models of {len(made)} architectures are
bit-identical in all three.** Windows are shorter than the prompt. The last column counts the planted faults in what the
architecture has (`tests/e2e/feature_faults.py`) that are caught and named by `--first-diff` at the operation or the next
one, of those that apply to one of its models.

| architecture | dense | experts | prefill | chunks | decode | window | faults named |
|---|---|---|---|---|---|---|---|
{chr(10).join(measured)}

`qwen2vl`: this llama.cpp does not read the file's epsilon and computes with 0; the models above say 0. A file that says
something else differs at the first norm, and the comparison names it. `bitnet-b1.58` and `bitnet-25` are compared in
[bitnet.md](bitnet.md). Optional query and key norms of `mpt` make llama.cpp end itself; no made model has them.

`internlm2`, `xverse` and `ernie4_5` have no operation that llama has not: the first two need an output matrix of their
own, the third does not use a bias of the attention's output. The faults planted in them are those that llama has too.
"""


def main():
    crossval = pathlib.Path(sys.argv[1]).resolve()
    version = subprocess.run([crossval, "version", "--format", "json"], check=True, stdout=subprocess.PIPE, text=True)
    commit = json.loads(version.stdout)["commit"]
    PAGE.write_text(page(measure(crossval), measure_made(Crossval(crossval)), commit))


if __name__ == "__main__":
    main()
