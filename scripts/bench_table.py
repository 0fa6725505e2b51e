#!/usr/bin/env python3
"""The table of scripts/bench.sh from engines_bench's JSON: per model and case the median ratio of the pairs of runs,
and native's tokens per second.

usage: bench_table.py ENGINES.json
"""
import json
import sys

CASES = [("prefill", 1), ("prefill", 2), ("decode", 1), ("decode", 2)]


def cells(path):
    """{model: {(phase, threads): text}}"""
    table = {}
    with open(path, encoding="utf-8") as file:
        for run in json.load(file)["benchmarks"]:
            model, phase, threads = run["name"].removesuffix("/manual_time").split("/")
            if "ratio" in run:
                text = f"{run['ratio']:.2f}x ({run['native tok/s']:.0f}/s)"
            else:
                text = run.get("error_message", "failed")
            table.setdefault(model, {})[phase, int(threads.removeprefix("threads:"))] = text
    return table


def main():
    print(f"{'native over llama.cpp':<24}" + "".join(f"{f'{p}, -t {t}':>20}" for p, t in CASES))
    for model, row in cells(sys.argv[1]).items():
        print(f"{model:<24}" + "".join(f"{row.get(case, '-'):>20}" for case in CASES))


if __name__ == "__main__":
    main()
