#!/usr/bin/env python3
"""Is `crossval explain` right? Plants faults, and runs pairs of engines in which nothing is wrong.

    scripts/fault_bench.py [--kind KIND] [--only REGEX] [--jobs N] [--write docs/fault-bench.md]

Needs the environment of `make test` (build/venv) and CROSSVAL, the program. The first run compiles llama.cpp twice more,
and a file of it for each foreign fault; all that is kept in the cache. Exit status: 0 when every case is as expected.
"""
import argparse
import concurrent.futures
import os
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "scripts" / "faults"))
import case  # noqa: E402
import files  # noqa: E402
import foreign_table  # noqa: E402
import healthy  # noqa: E402
import page  # noqa: E402
import planted  # noqa: E402
import power  # noqa: E402

KINDS = {"planted": planted, "file": files, "foreign": foreign_table, "healthy": healthy}


def all_cases(crossval, kinds=tuple(KINDS)):
    return [each for kind in kinds for each in KINDS[kind].cases(crossval)]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kind", choices=KINDS, action="append")
    parser.add_argument("--only", default="")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--write", type=pathlib.Path)
    options = parser.parse_args()
    crossval = pathlib.Path(os.environ.get("CROSSVAL", ROOT / "build" / "release" / "crossval")).resolve()
    chosen = [each for each in all_cases(crossval, tuple(options.kind or KINDS))
              if re.search(options.only, f"{each.name} | {each.label}")]

    def judge(each):
        try:
            verdict = case.run(each, crossval, ROOT)
        except Exception as error:  # a case that cannot run is one that failed
            verdict = case.Verdict(each, blame="failed", operation=str(error))
        print("ok  " if verdict.passed else "FAIL", page.line(verdict), flush=True)
        return verdict

    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        verdicts = list(pool.map(judge, chosen))
    print(page.totals(verdicts))
    if options.write:
        options.write.write_text(page.page(verdicts, list(power.measure(crossval))))
    return 0 if all(verdict.passed for verdict in verdicts) else 1


if __name__ == "__main__":
    sys.exit(main())
