#!/usr/bin/env python3
"""clang-tidy over sources, several at a time. Exit 1 when it finds anything.

usage: tidy.py BUILD FILE…    (BUILD holds compile_commands.json)

A source that was clean is not looked at again while it, everything it includes, its compiler flags, .clang-tidy and
clang-tidy itself are the same: the key is a hash over them, kept in the cache beside model and reference.
"""
import concurrent.futures
import hashlib
import json
import os
import pathlib
import shlex
import subprocess
import sys

TIDY = "clang-tidy-19"
CLEAN = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache") / "crossval" / "tidy"


def key(command, checks):
    """Hash of what clang-tidy would see of one source; comments count, for NOLINT is one."""
    words = shlex.split(command["command"])
    words = words[next(i for i, w in enumerate(words) if "clang" in w):]  # no compiler launcher
    words[words.index("-o"):words.index("-o") + 2] = []
    preprocessed = subprocess.run([w if w != "-c" else "-E" for w in words] + ["-C"], cwd=command["directory"],
                                  capture_output=True)
    if preprocessed.returncode != 0:
        return None  # clang-tidy will say why
    root = command["directory"].rsplit("/build/", 1)[0].encode()
    flags = " ".join(words).encode()
    return hashlib.sha256(checks + (flags + preprocessed.stdout).replace(root, b"")).hexdigest()


def check(build, source, command, checks):
    """What clang-tidy prints about one source; empty when it is clean."""
    clean = key(command, checks)
    if clean and (CLEAN / clean).exists():
        return ""
    run = subprocess.run([TIDY, "-p", build, "--quiet", source], capture_output=True, text=True)
    if run.returncode == 0 and clean:
        (CLEAN / clean).touch()
    return "" if run.returncode == 0 else run.stdout or run.stderr or f"{source}: clang-tidy failed\n"


def main():
    build, sources = sys.argv[1], sys.argv[2:]
    CLEAN.mkdir(parents=True, exist_ok=True)
    commands = {c["file"]: c for c in json.loads(pathlib.Path(build, "compile_commands.json").read_text())}
    version = subprocess.run([TIDY, "--version"], capture_output=True, check=True).stdout
    checks = version + pathlib.Path(".clang-tidy").read_bytes()
    missing = [s for s in sources if os.path.abspath(s) not in commands]
    for source in missing:
        print(f"{source}: no target compiles it")
    found = len(missing)
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        runs = [pool.submit(check, build, s, commands[os.path.abspath(s)], checks)
                for s in sources if s not in missing]
        for run in concurrent.futures.as_completed(runs):
            if output := run.result():
                print(output, end="", flush=True)
                found += 1
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
