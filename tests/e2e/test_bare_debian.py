"""The Debian package and the wheel, built here, installed by apt and pip into a Debian 12 that has nothing else."""
import json
import os
import re
import shutil
import subprocess

import pytest

import debian_root
from conftest import ROOT

if not os.environ.get("CROSSVAL_TEST_ALL"):
    pytest.skip("not asked for: make test-all", allow_module_level=True)
if debian_root.missing():
    pytest.skip("not here: " + ", ".join(debian_root.missing()), allow_module_level=True)


@pytest.fixture(scope="module")
def debian(tmp_path_factory):
    root = debian_root.DebianRoot(tmp_path_factory.mktemp("debian") / "root")
    yield root
    root.close()


def states(root, program):
    checks = json.loads(root.run(program, "doctor", "--format", "json", check=False).stdout)["checks"]
    return {check["name"]: check for check in checks}


def test_nothing_is_there(debian):
    for program in ("crossval", "c++", "cmake", "python3"):
        assert debian.run("sh", "-c", f"command -v {program}", check=False).returncode != 0, program


def test_the_debian_package(debian, binary, tmp_path, model):
    subprocess.run(["cpack", "--config", binary.parent / "CPackConfig.cmake", "-B", tmp_path], check=True,
                   stdout=subprocess.DEVNULL, cwd=tmp_path)
    deb, = tmp_path.glob("*.deb")
    shutil.copy(deb, debian.folder / "srv" / deb.name)
    debian.run("apt-get", "install", "-y", "-qq", "--no-install-recommends", f"/srv/{deb.name}")
    version = subprocess.run([binary, "--version"], check=True, text=True, stdout=subprocess.PIPE).stdout
    assert debian.run("crossval", "--version").stdout == version
    shutil.copy(model, debian.folder / "srv" / "m.gguf")
    same = debian.run("crossval", "per-token", "-m", "/srv/m.gguf", "-p", "The cat", "--reference", "native:threads=2",
                      "--format", "json")
    assert json.loads(same.stdout)["verdict"] == "IDENTICAL"
    assert states(debian, "crossval")["reference"]["state"] != "ok"
    assert debian.run("bash", "-c", "test -s /usr/share/bash-completion/completions/crossval.bash").returncode == 0


def test_what_it_says_of_the_reference_brings_it(debian):
    """A new user follows both messages: what apt lacks is installed, then llama.cpp is fetched and built there."""
    lacking = debian.run("crossval", "per-token", "-m", "/srv/m.gguf", "-p", "The cat", check=False)
    assert lacking.returncode == 4
    said = re.search(r"install it with: (apt-get install [\w+. -]+)", lacking.stderr)
    debian.run("sh", "-c", said[1].replace("install", "install -y -qq --no-install-recommends"))
    advised = debian.run("crossval", "per-token", "-m", "/srv/m.gguf", "-p", "The cat", check=False)
    debian.run("sh", "-c", re.search(r"Run: (.+)", advised.stderr)[1])
    done = debian.run("crossval", "per-token", "-m", "/srv/m.gguf", "-p", "The cat", check=False)
    assert (done.returncode, "IDENTICAL" in done.stdout) == (0, True), done.stderr
    assert states(debian, "crossval")["reference"]["state"] == "ok"


def test_the_debian_package_goes_away(debian):
    debian.run("apt-get", "purge", "-y", "-qq", "crossval")
    assert debian.run("sh", "-c", "command -v crossval || test -e /usr/share/crossval", check=False).returncode != 0


def test_the_wheel(debian):
    wheel, = (ROOT / "build" / "wheel" / "dist").glob("crossval-*.whl")
    shutil.copy(wheel, debian.folder / "srv" / wheel.name)
    debian.run("apt-get", "install", "-y", "-qq", "--no-install-recommends", "python3-venv", "python3-numpy", "libfmt9",
               "libsqlite3-0", "libcurl4", "libpcre2-32-0", "libutf8proc2")
    debian.run("python3", "-m", "venv", "--system-site-packages", "/srv/venv")
    debian.run("/srv/venv/bin/pip", "install", "-q", "--no-index", "--no-deps", f"/srv/{wheel.name}")
    version = wheel.name.split("-")[1]
    assert debian.run("/srv/venv/bin/crossval", "--version").stdout.startswith(f"crossval {version}")
    reference = states(debian, "/srv/venv/bin/crossval")["reference"]
    assert reference["state"] == "ok", reference  # the one that the package's advice has built, and left
    code = 'import crossval; r = crossval.compare("/srv/m.gguf", [1, 2, 3], candidate="native", reference="native"); print(r.verdict)'
    assert debian.run("/srv/venv/bin/python", "-c", code).stdout == "IDENTICAL\n"


def commands_of_the_dockerfile():
    """What each RUN of each stage has, continued lines joined."""
    text = (ROOT / "Dockerfile").read_text().replace("\\\n", " ")
    return [re.findall(r"^RUN (.+)$", stage, re.M) for stage in re.split(r"^FROM ", text, flags=re.M)[1:]]


def test_the_commands_of_the_dockerfile(debian):
    """No image is made: both stages' commands run in one Debian, the second on what the first has built."""
    tracked = subprocess.run(["git", "ls-files", "-z"], check=True, cwd=ROOT, text=True, stdout=subprocess.PIPE).stdout
    for name in filter(None, tracked.split("\0")):
        target = debian.folder / "crossval" / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, target, follow_symlinks=False)
    (build,), (install,) = commands_of_the_dockerfile()
    debian.run("sh", "-c", f"cd /crossval && {build}")
    debian.run("sh", "-c", "cp /crossval/build/package/*.deb /tmp")
    debian.run("sh", "-c", install)
    assert debian.run("crossval", "--version").stdout.startswith("crossval ")
    same = debian.run("crossval", "per-token", "-m", "/srv/m.gguf", "-p", "The cat")
    assert "IDENTICAL" in same.stdout, same.stdout
    assert states(debian, "crossval")["reference"]["state"] == "ok"
