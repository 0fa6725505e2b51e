#!/usr/bin/env python3
"""Lets PyPI's torch, which is built for CUDA, be imported on a machine without CUDA's libraries (2 GB to fetch).

usage: scripts/torch_stubs.py VENV        (gcc and binutils)

Each library that torch's own need and that is not there is made: its functions fail, as those of a machine without a
GPU do.
"""
import collections
import pathlib
import re
import subprocess
import sys
import tempfile

FAILED = 100  # cudaErrorNoDevice
TEXTS = ("cudaGetErrorString", "cudaGetErrorName")  # functions that return text


def output(*command):
    return subprocess.run(command, check=True, text=True, stdout=subprocess.PIPE).stdout


def main():
    folder = next(pathlib.Path(sys.argv[1]).glob("lib/python3.*/site-packages/torch/lib"))
    ours = sorted(folder.glob("*.so*"))
    missing, owner = set(), {}  # libraries; symbol version -> library
    undefined, defined = set(), set()  # "name" or "name@version"
    for library in ours:
        missing |= set(re.findall(r"(\S+) => not found", output("ldd", str(library))))
        needed = ""
        for line in output("readelf", "-W", "-V", str(library)).splitlines():
            if found := re.search(r"File: (\S+)", line):
                needed = found[1]
            elif needed and (found := re.search(r"Name: (\S+) +Flags", line)):
                owner[found[1]] = needed
        for line in output("nm", "-D", "--with-symbol-versions", str(library)).splitlines():
            kind, symbol = line.split()[-2:]
            if kind == "U":
                undefined.add(symbol)
            elif kind not in "wv":
                defined.add(symbol.split("@")[0])
    anywhere = sorted(missing)[0] if missing else ""  # symbols without a version may be in any library
    wanted = collections.defaultdict(lambda: collections.defaultdict(list))  # library -> version -> names
    for symbol in sorted(undefined):
        name, _, version = symbol.partition("@")
        library = owner.get(version) if version else anywhere
        if library in missing and (version or name not in defined):
            wanted[library][version].append(name)
    for library in sorted(missing):
        make(folder / library, wanted[library])
    print(f"{len(missing)} libraries made in {folder}")


def make(path, names):
    """A library of functions, by the versions of their symbols."""
    every = [name for group in names.values() for name in group]
    source = "".join(f'const char* {name}(void) {{ return "no CUDA here"; }}\n' if name in TEXTS else
                     f"int {name}(void) {{ return {FAILED}; }}\n" for name in every)
    versions = "".join(f"{version} {{ global: {' '.join(name + ';' for name in group)} }};\n"
                       for version, group in names.items() if version)
    with tempfile.TemporaryDirectory() as work:
        code, script = pathlib.Path(work, "stub.c"), pathlib.Path(work, "stub.map")
        code.write_text(source or "extern int nothing;\n")
        script.write_text(versions)
        subprocess.run(["gcc", "-shared", "-fPIC", "-fno-builtin", "-w", f"-Wl,-soname,{path.name}",
                        *([f"-Wl,--version-script={script}"] if versions else []), "-o", str(path), str(code)], check=True)


if __name__ == "__main__":
    main()
