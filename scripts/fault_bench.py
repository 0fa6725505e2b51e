#!/usr/bin/env python3
"""Is `crossval explain` right? Plants faults, and runs pairs of engines in which nothing is wrong.

    scripts/fault_bench.py [--kind KIND] [--only REGEX] [--jobs N] [--keep FILE] [--write docs/fault-bench.md]
    scripts/fault_bench.py --engine REGEX    the faulty engine of the first case, as crossval names it

Needs the environment of `make test` (build/venv) and CROSSVAL, the program. The first run compiles llama.cpp twice more,
and a file of it for each foreign fault; all that is kept in the cache. --keep: what this very program has said of a case
is kept there, and not asked again. Exit status: 0 when every case is as expected.
"""
import argparse
import concurrent.futures
import dataclasses
import hashlib
import json
import os
import pathlib
import re
import subprocess
import sys
import threading

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


class Kept:
    """Verdicts of one program, in a file: dropped when the program is another one."""

    def __init__(self, path, crossval):
        self.path = path
        self.lock = threading.Lock()
        self.program = hashlib.sha256(crossval.read_bytes()).hexdigest()
        found = json.loads(path.read_text()) if path and path.exists() else {}
        self.verdicts = found.get("verdicts", {}) if found.get("program") == self.program else {}

    def verdict(self, each):
        found = self.verdicts.get(case.key(each))
        return case.Verdict(each, **found) if found else None

    def keep(self, verdict):
        if not self.path:
            return
        with self.lock:
            fields = dataclasses.asdict(dataclasses.replace(verdict, case=None))
            del fields["case"]
            self.verdicts[case.key(verdict.case)] = fields
            self.path.write_text(json.dumps({"program": self.program, "verdicts": self.verdicts}))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kind", choices=KINDS, action="append")
    parser.add_argument("--only", default="")
    parser.add_argument("--engine")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--keep", type=pathlib.Path)
    parser.add_argument("--write", type=pathlib.Path)
    options = parser.parse_args()
    crossval = pathlib.Path(os.environ.get("CROSSVAL", ROOT / "build" / "release" / "crossval")).resolve()
    chosen = [each for each in all_cases(crossval, tuple(options.kind or KINDS))
              if re.search(options.engine or options.only, f"{each.name} | {each.label}")]
    if options.engine:
        first = chosen[0]
        print(case.value(first.reference if first.guilty == "reference" else first.candidate))
        return 0

    kept = Kept(options.keep, crossval)

    def judge(each):
        try:
            verdict = kept.verdict(each) or case.run(each, crossval, ROOT)
            kept.keep(verdict)
        except Exception as error:  # a case that cannot run is one that failed
            verdict = case.Verdict(each, blame="failed", operation=str(error))
        print("ok  " if verdict.passed else "FAIL", page.line(verdict), flush=True)
        return verdict

    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        verdicts = list(pool.map(judge, chosen))
    print(page.totals(verdicts))
    if options.write:
        program = subprocess.run([crossval, "--version"], text=True, stdout=subprocess.PIPE).stdout.splitlines()[0]
        options.write.write_text(page.page(verdicts, list(power.measure(crossval)), program))
    return 0 if all(verdict.passed for verdict in verdicts) else 1


if __name__ == "__main__":
    sys.exit(main())
