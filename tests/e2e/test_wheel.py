"""The wheel that make wheel built: installed without an index, it is the program, its scripts and the Python package."""
import email
import json
import os
import pathlib
import re
import subprocess
import sys
import zipfile

import numpy
import pytest

from conftest import ROOT
from test_suite import tiny  # noqa: F401 (a fixture)

WHEELS = sorted((ROOT / "build" / "wheel" / "dist").glob("crossval-*.whl"))
if not WHEELS:
    pytest.skip("not built: make wheel", allow_module_level=True)
# Nothing that the test's own shell chooses.
ENVIRONMENT = {key: value for key, value in os.environ.items() if key not in ("CROSSVAL", "PYTHONPATH")}


def pip(venv, *words):
    subprocess.run([sys.executable, "-m", "pip", "--python", venv / "bin/python", "-q", *words], check=True)


@pytest.fixture(scope="module")
def venv(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheel") / "a venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
    pip(folder, "install", "--no-index", "--no-deps", WHEELS[-1])
    # numpy is the tests' own: there is no index to take it from.
    site, = folder.glob("lib/python3*/site-packages")
    (site / "numpy.pth").write_text(str(pathlib.Path(numpy.__file__).parents[1]) + "\n")
    return folder


def run(venv, *words):
    return subprocess.run([venv / "bin" / words[0], *map(str, words[1:])], capture_output=True, text=True, cwd="/", env=ENVIRONMENT)


def test_what_it_says_of_itself():
    name = re.fullmatch(r"crossval-([\d.]+)-py3-none-linux_\w+\.whl", WHEELS[-1].name)
    with zipfile.ZipFile(WHEELS[-1]) as wheel:
        said = email.message_from_bytes(wheel.read(f"crossval-{name[1]}.dist-info/METADATA"))
        names = wheel.namelist()
    assert (said["Name"], said["Version"], said["License-Expression"]) == ("crossval", name[1], "Apache-2.0")
    assert said.get_all("Requires-Dist")[0] == "numpy"
    own = (ROOT / "engines" / "python" / "pyproject.toml").read_text()
    assert f'version = "{name[1]}"' in own  # the package alone is of the same version
    assert not any("__pycache__" in path or "/build/" in path or "/target/" in path for path in names)


def test_the_program(venv):
    name = re.match(r"crossval-([\d.]+)-", WHEELS[-1].name)
    said = run(venv, "crossval", "--version")
    assert said.returncode == 0 and said.stdout.startswith(f"crossval {name[1]}")
    checks = json.loads(run(venv, "crossval", "doctor", "--format", "json").stdout)["checks"]
    states = {check["name"]: check["state"] for check in checks}
    assert states["reference"] == "ok" and states["canonical"] == "ok" and "problem" not in states.values()
    assert str(ROOT) not in json.dumps(checks)


def test_its_scripts_and_manual(venv):
    share = venv / "share"
    assert (share / "man/man1/crossval.1").read_text() == run(venv, "crossval", "man").stdout
    assert (share / "bash-completion/completions/crossval.bash").exists() and (share / "doc/crossval/LICENSE").exists()
    for script, words in (("reference.sh", ["worker", "--no-build"]), ("prompt_sets.py", ["--list"])):
        found = share / "crossval/scripts" / script
        here = subprocess.run([ROOT / "scripts" / script, *words], text=True, capture_output=True)
        there = subprocess.run([found, *words], text=True, capture_output=True, cwd="/")
        assert (there.returncode, there.stdout) == (0, here.stdout), there.stderr


def test_python_drives_it(venv, tiny):  # noqa: F811
    """Without PATH or CROSSVAL naming it: the program is the one beside this Python."""
    code = """
import json, sys, crossval
from crossval.program import find_program
found = crossval.compare(sys.argv[1], [1, 2, 3], candidate="native", reference="native")
print(json.dumps([crossval.__file__, find_program(), found.verdict]))
"""
    done = run(venv, "python", "-c", code, tiny)
    assert done.returncode == 0, done.stderr
    package, program, verdict = json.loads(done.stdout)
    assert package.startswith(str(venv)) and program == str(venv / "bin/crossval") and verdict == "IDENTICAL"


def test_it_goes_away_again(venv):
    """As the last test: pip knows every file of it."""
    pip(venv, "uninstall", "-y", "crossval")
    assert not (venv / "bin/crossval").exists() and not (venv / "share/crossval/scripts/reference.sh").exists()
