#!/usr/bin/env python3
"""Holds the includes of src/ against the layers that its CMake files declare.

A folder may include its own headers and those of the libraries in its DEPS, directly or through them;
the declared graph must have no cycle; some pairs may never meet whatever is declared; concrete engines are
named, and the command line's library used, in one folder each; the folders at the ground use what is named
here and nothing else. Exit 1 with one line per breach.

    check_layers.py [SRC]    SRC: another src/ to look at
"""
import pathlib
import re
import sys

OURS = pathlib.Path(__file__).resolve().parent.parent / "src"
SRC = pathlib.Path(sys.argv[1]).resolve() if len(sys.argv) > 1 else OURS
ROOT = SRC.parent
# (user, used): a dependency here would break a promise of ARCHITECTURE.md even through others.
FORBIDDEN = [
    ("report", "native"), ("report", "process"), ("report", "gate"), ("report", "compare"), ("report", "session"),
    ("compare", "tokenizer"), ("compare", "engine"),
    ("native", "process"), ("process", "native"), ("session", "native"), ("session", "process"),
    ("gate", "native"), ("gate", "process"), ("kernels", "model"), ("quant", "gguf"),
    ("protocol", "gguf"), ("protocol", "native"),
    ("oracle", "native"), ("native", "oracle"), ("oracle", "kernels"), ("local", "native"), ("local", "oracle"),
    ("session", "oracle"), ("gate", "oracle"), ("report", "oracle"), ("report", "explain"),
    ("explain", "native"), ("explain", "process"), ("explain", "kernels"),
    ("launch", "report"), ("launch", "session"),
]
# Concrete engines: folder -> the only folders that name it, in DEPS or an include. Others have them through these.
NAMED_BY = {"native": {"launch"}, "oracle": {"launch", "explain"}, "process": {"launch", "conformance"},
            "http": {"launch"}}
# Headers that one folder alone includes: the command line is one front door of several.
OUTSIDE = {"CLI/": "cli"}
# Plain data at the ground: folder -> (the only folders in its DEPS, headers of others that are plain data too).
GROUND = {"results": ({"base"}, {"engine/info.h"})}
INCLUDE = re.compile(r'\s*#\s*include\s+"([^"/]+)/([^"]+)"')
OUTSIDE_INCLUDE = re.compile(r"\s*#\s*include\s+<([^>]+)>")


def declared():
    """folder -> folders in its DEPS."""
    graph = {}
    for path in sorted(SRC.glob("*/CMakeLists.txt")):
        text = re.sub(r"#.*", "", path.read_text())
        folder = path.parent.name
        calls = re.findall(r"(?:crossval_library|target_link_libraries)\(([^)]*)\)", text)
        deps = {word[len("crossval_"):] for call in calls for word in call.split()[1:]
                if word.startswith("crossval_")}
        graph[folder] = deps - {"flags", "exact", folder}
    return graph


def closure(graph, folder, trail=()):
    """Everything reachable from folder; ends the program on a cycle."""
    if folder in trail:
        raise SystemExit("layer cycle: " + " -> ".join([*trail, folder]))
    reached = set()
    for dep in graph.get(folder, ()):
        reached |= {dep} | closure(graph, dep, (*trail, folder))
    return reached


def main():
    graph = declared()
    breaches = []
    reach = {folder: closure(graph, folder) for folder in graph}
    for user, used in FORBIDDEN:
        if used in reach.get(user, ()):
            breaches.append(f"src/{user} must never depend on src/{used}")
    for used, users in NAMED_BY.items():
        for folder in sorted(graph):
            if used in graph[folder] and folder not in users:
                breaches.append(f"src/{folder} must not declare src/{used}: only {', '.join(sorted(users))} names it")
    for folder, (allowed, plain) in GROUND.items():
        if folder not in graph:
            breaches.append(f"src/{folder} is not there: scripts/check_layers.py keeps it at the ground")
        for dep in sorted(graph.get(folder, set()) - allowed):
            breaches.append(f"src/{folder} must not declare src/{dep}: it is at the ground")
        for path in sorted((SRC / folder).rglob("*.cc")):
            breaches.append(f"{path.relative_to(ROOT)}: src/{folder} is plain data, without code of its own")
        for header in sorted(plain):
            for line in (SRC / header).read_text().splitlines():
                match = INCLUDE.match(line)
                if match and match.group(1) not in allowed | {folder}:
                    breaches.append(f"src/{header}: src/{folder} includes it as plain data, so it may not include "
                                    f"src/{match.group(1)}")
    checked = 0
    for path in sorted(SRC.rglob("*")):
        if path.suffix not in (".h", ".cc", ".inc"):
            continue
        folder = path.relative_to(SRC).parts[0]
        for number, line in enumerate(path.read_text().splitlines(), 1):
            outside = OUTSIDE_INCLUDE.match(line)
            for header, owner in OUTSIDE.items():
                if outside and outside.group(1).startswith(header) and folder != owner:
                    breaches.append(f"{path.relative_to(ROOT)}:{number}: only src/{owner} includes <{header}…>")
            match = INCLUDE.match(line)
            if not match:
                continue
            checked += 1
            used = match.group(1)
            if folder not in NAMED_BY.get(used, {folder}) | {used}:
                breaches.append(f"{path.relative_to(ROOT)}:{number}: only {', '.join(sorted(NAMED_BY[used]))} names "
                                f"src/{used}")
                continue
            if f"{used}/{match.group(2)}" in GROUND.get(folder, ((), ()))[1]:
                continue
            if used != folder and used not in reach.get(folder, ()):
                breaches.append(f"{path.relative_to(ROOT)}:{number}: src/{folder} does not declare "
                                f"src/{used} in its DEPS")
    if checked == 0:
        breaches.append("no include was checked: is src/ where this script expects it?")
    print("\n".join(breaches + [f"layers: {len(graph)} folders, {checked} includes, "
                                f"{len(breaches)} breaches"]))
    return 1 if breaches else 0


if __name__ == "__main__":
    sys.exit(main())
