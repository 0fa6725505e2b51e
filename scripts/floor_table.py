#!/usr/bin/env python3
"""Writes the tables of docs/floor.md: how often --require floor fails healthy pairs, and which mistakes it sees.

usage: scripts/floor_table.py CROSSVAL [TYPE…]    (a built crossval; weight types of the model, default Q4_1 Q8_0 F16)

The healthy pairs are held out from the calibration: another text, and settings that it does not vary. The mistakes are
planted in a copy of the model, or in native, beside a production build. Models and references are made when missing;
floors come from the cache (--floor auto), and are measured the first time. Half an hour on two cores.
"""
import json
import pathlib
import shutil
import subprocess
import sys
import tempfile

import gguf
import numpy as np

from page_table import with_table

ROOT = pathlib.Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "floor.md"
TEXT_BYTES = 1600  # of the licence: some 330 positions
CANONICAL, PRODUCTION = "llama.cpp", "llama.cpp:profile=production"


def script(*args):
    done = subprocess.run([ROOT / "scripts" / "reference.sh", *args], check=True, stdout=subprocess.PIPE, text=True)
    return done.stdout.splitlines()[-1]


def healthy_pairs():
    """(candidate as the table names it, candidate, reference)"""
    build, old = script("libs"), script("source", "--release", "0.3.1")
    return [
        ("production build", PRODUCTION, CANONICAL),
        ("production build, 2 threads, no flash attention", PRODUCTION + ",fa=off,threads=2", CANONICAL),
        ("canonical libraries with upstream's defaults", f"llama.cpp:build={build}", CANONICAL),
        ("keys alone in f32", "llama.cpp:kv-k=f32,kv-v=f16", CANONICAL),
        ("release of autumn 2024, flash attention on", f"llama.cpp:src={old},fa=on", CANONICAL),
        ("native, keys and values in f32", "native:kv=f32", CANONICAL),
        ("native", "native", PRODUCTION),
        ("native, keys and values in f32", "native:kv=f32", PRODUCTION),
        ("canonical libraries with upstream's defaults", f"llama.cpp:build={build}", PRODUCTION),
    ]


def tensor(reader, name):
    return next(t for t in reader.tensors if t.name == name).data


def norm_weight(reader):
    tensor(reader, "blk.7.attn_norm.weight")[:] *= 1.5


def norm_element(reader):
    tensor(reader, "blk.7.attn_norm.weight")[100] *= 1.5


def swapped_rows(reader):
    rows = tensor(reader, "blk.12.ffn_gate.weight")
    rows[[10, 11]] = rows[[11, 10]]


def block_scale(reader):
    scale = tensor(reader, "blk.3.ffn_up.weight").reshape(-1, 20)[0, :2].view(np.float16)  # of a Q4_1 block
    scale *= 4


def matrix_scale(reader):
    scales = tensor(reader, "blk.10.attn_k.weight").reshape(-1, 20)[:, :4].view(np.float16)
    scales *= np.float16(1.02)


def value(key, number):
    def edit(reader):
        reader.get_field(key).parts[-1][0] = number
    return edit


FILE_MISTAKES = {
    "a layer's norm weight × 1.5": norm_weight,
    "one element of it × 1.5": norm_element,
    "two rows of a gate matrix swapped": swapped_rows,
    "one block's scale × 4": block_scale,
    "a key matrix × 1.02": matrix_scale,
    "epsilon 1e-6 in place of 1e-5": value("llama.attention.layer_norm_rms_epsilon", 1e-6),
    "RoPE base 10,000 in place of 100,000": value("llama.rope.freq_base", 1e4),
}
NATIVE_MISTAKES = ["rope-pairing@12", "mask@20", "rope-f16", "position"]


def run(program, model, text, candidate, reference):
    done = subprocess.run([program, "per-token", "-q", "-m", model, "-f", text, "--max-tokens", "0", "--candidate",
                           candidate, "--reference", reference, "--require", "floor", "--format", "json"],
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    result = json.loads(done.stdout)
    if "floor" not in result:
        raise SystemExit(f"{candidate} beside {reference}: {done.stdout}")
    return result


WORDS = {"as-the-floor": "as the floor", "larger-than-the-floor": "**larger**", "not-enough-positions": "not enough"}


def cells(result):
    floor = result["floor"]
    factor, paired = floor["passing_factor"], floor["paired"]
    row = [result["verdict"], "–" if factor is None else f"{factor:.2g}",
           f"{floor['tie_flips']} + {floor['decisive_flips']}"]
    if paired is None:
        return row + ["–", "–", "–"]
    return row + [f"{100 * np.expm1(paired['log_ratio']):+.1f} %", f"{100 * np.expm1(paired['margin']):.1f} %",
                  f"{WORDS[paired['word']]}, {paired['positions']}"]


HEAD = ["verdict", "of the limits", "ties + decisive", "beside the pair", "margin", "as a whole, positions"]


def table(head, rows):
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows])


def main():
    program, *types = sys.argv[1:]
    types = types or ["Q4_1", "Q8_0", "F16"]
    model = {t: script("model") if t == "Q4_1" else script("quantized", t) for t in types}
    healthy, mistakes, failed = [], [], 0
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        text = folder / "text.txt"
        text.write_bytes((ROOT / "LICENSE").read_bytes()[:TEXT_BYTES])
        for weights in types:
            for name, candidate, reference in healthy_pairs():
                result = run(program, model[weights], text, candidate, reference)
                failed += result["exit_code"] != 0
                side = "production" if reference == PRODUCTION else "canonical"
                healthy.append([weights, name, side, *cells(result)])
                print(healthy[-1], file=sys.stderr, flush=True)
        for name, edit in FILE_MISTAKES.items():
            copy = folder / "mistake.gguf"
            shutil.copy(script("model"), copy)
            edit(gguf.GGUFReader(copy, "r+"))
            mistakes.append([name, *cells(run(program, script("model"), text, f"native:model={copy}", PRODUCTION))])
            print(mistakes[-1], file=sys.stderr, flush=True)
        for name in NATIVE_MISTAKES:
            result = run(program, script("model"), text, f"native:fault={name}", PRODUCTION)
            mistakes.append([f"`{name}`", *cells(result)])
            print(mistakes[-1], file=sys.stderr, flush=True)
    parts = {"healthy": f"{len(healthy)} healthy pairs, {failed} failed.\n\n"
             + table(["weights", "candidate", "reference", *HEAD], healthy),
             "mistakes": table(["mistake", *HEAD], mistakes)}
    page = PAGE.read_text()
    for name, part in parts.items():
        page = with_table(page, name, part)
    PAGE.write_text(page)


if __name__ == "__main__":
    main()
