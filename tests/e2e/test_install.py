"""cmake --install: a prefix that can be moved, which needs neither the source tree nor the place it was installed to."""
import json
import pathlib
import re
import shutil
import subprocess

import pytest

REPO = pathlib.Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def moved(binary, tmp_path_factory):
    folder = tmp_path_factory.mktemp("install")
    subprocess.run(["cmake", "--install", pathlib.Path(binary).parent, "--prefix", folder / "first"], check=True,
                   stdout=subprocess.DEVNULL)
    return (folder / "first").rename(folder / "then moved")


def run(prefix, *args):
    return subprocess.run([prefix / "bin/crossval", *args], capture_output=True, text=True, cwd="/")


def test_it_sees_the_same_reference(moved, binary):
    """The key of the worker is made of the installed sources: equal, so that nothing is built twice."""
    for what in ("worker", "jinja"):
        here, there = (subprocess.run([root / "scripts/reference.sh", what, "--no-build"], check=True, text=True,
                                      stdout=subprocess.PIPE).stdout for root in (REPO, moved / "share/crossval"))
        assert here == there
    states = {check["name"]: check["state"] for check in json.loads(run(moved, "doctor", "--format", "json").stdout)["checks"]}
    assert states["reference"] == "ok" and "problem" not in states.values()


def test_it_uses_its_own_scripts(moved, model, tmp_path):
    prefix = tmp_path / "with another script"
    shutil.copytree(moved, prefix)
    script = prefix / "share/crossval/scripts/reference.sh"
    script.write_text("#!/bin/sh\necho 'the script of this prefix' >&2\nexit 1\n")
    done = run(prefix, "run", "-m", str(model), "-p", "x", "--engine", "llama.cpp:src=/no/such/tree")
    assert done.returncode == 4 and "the script of this prefix" in done.stderr
    script.write_text("#!/bin/sh\nexit 4\n")  # not built
    done = run(prefix, "per-token", "-m", str(model), "-p", "x")
    assert f"'{script}' worker" in done.stderr and str(REPO) not in done.stderr


@pytest.fixture(scope="module")
def package(binary, tmp_path_factory):
    folder = tmp_path_factory.mktemp("package")
    subprocess.run(["cpack", "--config", pathlib.Path(binary).parent / "CPackConfig.cmake", "-B", folder], check=True,
                   stdout=subprocess.DEVNULL, cwd=folder)
    deb, = folder.glob("*.deb")
    return deb


def test_a_debian_package(package, binary, tmp_path):
    """What dpkg says of it, what it unpacks to, and that this runs from /usr of another root."""
    said = subprocess.run(["dpkg-deb", "--field", package, "Package", "Depends", "Recommends"], check=True, text=True,
                          stdout=subprocess.PIPE).stdout
    assert "Package: crossval\n" in said and "ninja-build" in said and "python3-pip" in said
    depends = next(line for line in said.splitlines() if line.startswith("Depends: "))
    for library in ("libc6", "libstdc++6", "libfmt9", "libsqlite3-0", "libcurl4", "libssl3", "libpcre2-32-0", "libutf8proc2"):
        assert library in depends
    subprocess.run(["dpkg-deb", "--extract", package, tmp_path], check=True)
    usr = tmp_path / "usr"
    assert {path.name for path in usr.iterdir()} == {"bin", "share"}
    version = subprocess.run([binary, "--version"], check=True, text=True, stdout=subprocess.PIPE).stdout
    assert run(usr, "--version").stdout == version
    states = {check["name"]: check["state"] for check in json.loads(run(usr, "doctor", "--format", "json").stdout)["checks"]}
    assert states["reference"] == "ok" and "problem" not in states.values()
    assert (usr / "share/man/man1/crossval.1").exists() and (usr / "share/doc/crossval/LICENSE").exists()
    assert str(REPO) not in run(usr, "doctor").stdout


def test_the_pages_and_the_skill_are_installed(moved):
    """Every page that the skill names is there."""
    skill = (moved / "share/doc/crossval/skill/SKILL.md").read_text()
    assert skill == (REPO / "docs/skill/SKILL.md").read_text()
    pages = set(re.findall(r"docs/([\w-]+\.md)", skill))
    assert len(pages) > 3 and all((moved / "share/doc/crossval" / page).exists() for page in pages)


def test_manual_and_completions_are_installed(moved, crossval):
    for file, command in (("man/man1/crossval.1", ("man",)), ("zsh/site-functions/_crossval", ("completion", "zsh")),
                          ("bash-completion/completions/crossval.bash", ("completion", "bash"))):
        assert (moved / "share" / file).read_text() == crossval(*command).out
