"""docs/examples/ci: the jobs' own steps, run here by the shell that the service gives them, on two real llama.cpp. What a
service does itself is stood in for: checkouts, the packages of its image, its cache, its store of artifacts. The first run
compiles the trees (minutes)."""
import json
import os
import re
import subprocess
import xml.etree.ElementTree

import pytest
import yaml

from conftest import ROOT, script, with_doubled_epsilon
from test_html import Page

KIT = ROOT / "docs" / "examples" / "ci"
PROMPTS = 8  # of the set smoke, which the kit's suite runs
ERAS = {"candidate.api": "llama_memory (since July 2025)", "reference.api": "llama_kv_cache, no llama_vocab (autumn 2024)"}


@pytest.fixture(scope="module")
def sound():
    """The pinned llama.cpp beside its release of autumn 2024, which are bit for bit the same (test_eras.py)."""
    return {"llama-new": script("source"), "llama-old": script("source", "--release", "0.3.1")}


@pytest.fixture(scope="module")
def faulty(sound, tmp_path_factory):
    """The same with one line of the new one changed."""
    return {**sound, "llama-new": with_doubled_epsilon(tmp_path_factory.mktemp("faulty") / "llama.cpp")}


@pytest.fixture
def place(binary, tmp_path):
    """A runner: the user's repository checked out, crossval's stand-in to check out, an apt-get that installs nothing."""
    work = tmp_path / "work"
    (work / "numerics").mkdir(parents=True)
    (work / "numerics" / "suite.json").write_bytes((KIT / "suite.json").read_bytes())
    crossval = tmp_path / "crossval"
    crossval.mkdir()
    for name in ("scripts", "engines", "deps", "src"):
        (crossval / name).symlink_to(ROOT / name)
    (crossval / "Makefile").write_text(f"build:\n\tmkdir -p build/release\n\tln -s {binary} build/release/crossval\n")
    tools = tmp_path / "tools"
    tools.mkdir()
    (tools / "apt-get").write_text(f'#!/bin/sh\necho "$@" >> {tmp_path}/apt-get\n')
    (tools / "apt-get").chmod(0o755)
    return work


def environment(place, **more):
    """Without what this process alone has; the runner's cache is the one of this machine."""
    cache = script("model").parents[2]
    kept = {name: value for name, value in os.environ.items() if not re.match("CROSSVAL|LLAMA|GITHUB|CI_", name)}
    return {**kept, "CROSSVAL_CACHE": str(cache), "GIT_CONFIG_GLOBAL": str(place.parent / "gitconfig"), **more}


class GitHub:
    """Runs a job's steps one after the other: after one that fails those alone that say so."""

    def __init__(self, place, trees, old="b1"):
        self.place, self.out, self.code, self.kept = place, "", 0, []
        self.values = {"${{ inputs.old || vars.LLAMA_OLD }}": old}
        self.trees = {"crossval": place.parent / "crossval", **trees}
        self.summary = place.parent / "summary.md"
        self.path = f"{place.parent / 'tools'}:{os.environ['PATH']}"
        job, = yaml.safe_load((KIT / "github-actions.yml").read_text())["jobs"].values()
        assert set(job) == {"runs-on", "container", "timeout-minutes", "defaults", "steps"}  # no continue-on-error
        assert job["defaults"] == {"run": {"shell": "bash"}} and job["container"] == "debian:12"
        for step in job["steps"]:
            assert set(step) <= {"name", "uses", "with", "run", "env", "if"}
            assert step.get("if", "${{ !cancelled() }}") == "${{ !cancelled() }}"
            if self.code != 0 and "if" not in step:
                continue
            if "uses" in step:
                getattr(self, re.sub("[@/-]", "_", step["uses"]))(step.get("with", {}))
            else:
                self.run(step["run"], {name: self.values[value] for name, value in step.get("env", {}).items()})

    def run(self, text, env):
        assert "${{" not in text  # nothing that an input could put into the shell
        step, paths = self.place.parent / "step.sh", self.place.parent / "paths"
        step.write_text(text)
        paths.write_text("")
        done = subprocess.run(["bash", "--noprofile", "--norc", "-eo", "pipefail", step], cwd=self.place, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=1500,
                              env=environment(self.place, GITHUB_STEP_SUMMARY=str(self.summary), GITHUB_PATH=str(paths),
                                              PATH=self.path, **env))
        self.code, self.out = self.code or done.returncode, self.out + done.stdout
        self.path = ":".join([*reversed(paths.read_text().split()), self.path])

    def actions_checkout_v4(self, given):
        if given:  # without, the user's own repository
            name = given["path"]
            of = "${{ vars.CROSSVAL_REPOSITORY }}" if name == "crossval" else "ggml-org/llama.cpp"
            refs = {"llama-new": "${{ inputs.new || 'master' }}", "llama-old": next(iter(self.values))}
            assert given["repository"] == of and given.get("ref") == refs.get(name)
            (self.place / name).symlink_to(self.trees[name])

    def actions_cache_restore_v4(self, given):
        assert given["path"].split() == ["~/.cache/crossval", "~/.cache/ccache"]
        self.key = given["key"]
        assert self.key.startswith(given["restore-keys"])

    def actions_cache_save_v4(self, given):
        assert given["key"] == self.key and given["path"].split() == ["~/.cache/crossval", "~/.cache/ccache"]

    def actions_upload_artifact_v4(self, given):
        self.kept = [self.place / name for name in given["path"].split()]


class GitLab:
    """before_script and script are one script of the shell; its checkouts are real ones, of small repositories."""

    def __init__(self, place, trees, old="old"):
        job = yaml.safe_load((KIT / "gitlab-ci.yml").read_text())["numerics"]
        assert set(job) == {"image", "timeout", "variables", "cache", "before_script", "script", "artifacts"}  # no allow_failure
        assert job["image"] == "debian:12" and job["artifacts"]["when"] == job["cache"]["when"] == "always"
        repository(place.parent / "crossval")
        llama = repository(place.parent / "llama", "old", "new")
        variables = {name: value.replace("$CI_PROJECT_DIR", str(place)) for name, value in job["variables"].items()}
        assert variables["LLAMA_NEW"] == "master"
        assert job["cache"]["paths"][0] == ".cache/crossval" and variables["XDG_CACHE_HOME"] == f"{place}/.cache"
        commits = place.parent / "commits"
        put = [f"cat llama-new/commit llama-old/commit > {commits}; rm -r llama-new llama-old"]
        put += [f"ln -s {tree} {name}" for name, tree in trees.items()]
        text = "\n".join([*job["before_script"], *put, *job["script"]])
        given = {"LLAMA_NEW": "new", "LLAMA_OLD": old, "LLAMA_CPP_URL": str(llama),
                 "CROSSVAL_URL": str(place.parent / "crossval"),
                 "PATH": f"{place.parent / 'tools'}:{os.environ['PATH']}"}
        done = subprocess.run(["bash", "-eo", "pipefail", "-c", text], cwd=place, text=True, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, timeout=1500, env=environment(place, **{**variables, **given}))
        self.code, self.out = done.returncode, done.stdout
        assert not commits.exists() or commits.read_text() == "new\nold\n"
        reports = job["artifacts"]["reports"]
        self.kept = [place / name for name in (*job["artifacts"]["paths"], *reports.values())]
        self.quality = place / reports["codequality"]


def repository(folder, *tags):
    """A git repository of what is in the folder, or with a commit for each tag."""
    folder.mkdir(exist_ok=True)
    git = ["git", "-C", folder, "-c", "user.name=n", "-c", "user.email=n@localhost"]
    subprocess.run([*git, "init", "-q"], check=True)
    for tag in tags or ["v1"]:
        if tags:
            (folder / "commit").write_text(f"{tag}\n")
        subprocess.run([*git, "add", "."], check=True)
        subprocess.run([*git, "commit", "-q", "-m", tag], check=True)
        subprocess.run([*git, "tag", tag], check=True)
    return folder


def shorter(place):
    """The suite on two prompts of its eight: seconds."""
    suite = json.loads((KIT / "suite.json").read_text())
    suite["prompts"] = [{"file": "prompts.jsonl"}]
    (place / "numerics" / "suite.json").write_text(json.dumps(suite))
    (place / "numerics" / "prompts.jsonl").write_text('{"text": "The capital of France is"}\n{"text": "def f(x):"}\n')
    return 2


def check(place, job, prompts, failed):
    """What both services keep: JUnit by a parser, the page, the results; who computed is what was checked out."""
    assert job.code == (1 if failed else 0), job.out
    assert all(path.exists() for path in job.kept) and len(job.kept) >= 3
    suite, = xml.etree.ElementTree.parse(place / "junit.xml").getroot().findall("testsuite")
    assert (int(suite.get("tests")), int(suite.get("failures")), suite.get("errors")) == (prompts, failed, "0")
    properties = {each.get("name"): each.get("value") for each in suite.find("properties")}
    assert properties.items() >= ERAS.items() and properties["require"] == "bits"
    verdict = "DIVERGED" if failed else "IDENTICAL"
    page = Page((place / "numerics.html").read_text())
    assert page.loads == [] and any(verdict in text for text in page.text("h1"))
    assert (place / "results" / "result.sqlite").exists()
    assert (place.parent / "apt-get").read_text().splitlines() == ["update -q", "install -y -q git make"]


def test_on_github_two_that_are_the_same(place, sound):
    job = GitHub(place, sound)
    check(place, job, PROMPTS, failed=0)
    assert "::error" not in job.out and "## IDENTICAL: `numerics`" in job.summary.read_text()


def test_on_github_a_changed_line(place, faulty):
    job = GitHub(place, faulty)
    check(place, job, PROMPTS, failed=PROMPTS)
    errors = [line for line in job.out.splitlines() if line.startswith("::error ")]
    assert len(errors) == PROMPTS and all("DIVERGED" in line and "smoke/" in line for line in errors)
    assert "## DIVERGED: `numerics`" in job.summary.read_text()


def test_on_gitlab_two_that_are_the_same(place, sound):
    prompts = shorter(place)
    job = GitLab(place, sound)
    check(place, job, prompts, failed=0)
    assert json.loads(job.quality.read_text()) == []


def test_on_gitlab_a_changed_line(place, faulty):
    prompts = shorter(place)
    job = GitLab(place, faulty)
    check(place, job, prompts, failed=prompts)
    assert len(json.loads(job.quality.read_text())) == prompts



def test_nothing_to_compare_with_is_no_success(place, sound):
    """Without it either service would check out the default branch: the new one beside itself."""
    github, gitlab = GitHub(place, sound, old=""), GitLab(place, sound, old="")
    assert github.code == 1 and "::error ::Set the variable LLAMA_OLD" in github.out
    assert gitlab.code != 0 and "LLAMA_OLD: is not set" in gitlab.out
    assert not (place / "junit.xml").exists()
