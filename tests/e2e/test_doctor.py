"""`crossval doctor` on this machine as it is, and with each part taken away."""
import os
import pathlib
import subprocess

import pytest

from conftest import ROOT, script as reference

BUILD = f"make -C '{ROOT}' reference"  # from whatever folder
NAMES = ["program", "processor", "kernels", "cache", "templates", "reference", "canonical"]


def doctor(crossval, *args, code=0, **env):
    run = crossval("doctor", "--format", "json", *args, env={name: str(value) for name, value in env.items()})
    assert run.code == code, (run.out, run.err)
    assert run.json["exit_code"] == code
    assert run.json["status"] == ("problem" if code else "ok")
    return {check["name"]: check for check in run.json["checks"]}


def script(path, text):
    path.write_text("#!/bin/sh\n" + text)
    path.chmod(0o755)
    return path


def test_all_is_well_here(crossval, model, tmp_path):
    checks = doctor(crossval, "-m", model, TMPDIR=tmp_path)
    assert list(checks) == NAMES + ["model-native", "model-reference"]
    assert {check["state"] for check in checks.values()} == {"ok"}
    assert {check["repair"] for check in checks.values()} == {""}
    assert "crossval-llama-worker" in checks["reference"]["detail"]
    assert "canonical" in checks["reference"]["detail"]
    assert "every bit" in checks["canonical"]["detail"]
    assert list(tmp_path.iterdir()) == []  # the made-up model is gone


def test_the_repair_is_of_what_is_wrong(crossval, tmp_path):
    none = script(tmp_path / "worker", "exit 0\n")
    named = doctor(crossval, "--reference", f"llama.cpp:worker={none}", code=4)["reference"]["repair"]
    assert named.endswith(f"Leave --reference out. Run: {BUILD}")
    by_environment = doctor(crossval, code=4, CROSSVAL_WORKER=none)["reference"]["repair"]
    assert by_environment.endswith(f"Run: unset CROSSVAL_WORKER; {BUILD}")
    itself = doctor(crossval, "--reference", "native")["canonical"]["detail"]
    assert "native equals itself" in itself


def test_what_is_broken_in_the_cache_is_removed_before_it_is_built(crossval, tmp_path):
    """Or make would find it again. The repairs are run as they stand, make only says what it would do."""
    cache = tmp_path / "its cache"
    for kind in ("source", "libs", "programs"):
        (cache / kind).mkdir(parents=True)
    for kind in ("source", "libs"):
        (cache / kind / reference(kind).name).symlink_to(reference(kind))
    for command in ("jinja", "worker"):
        missing = subprocess.run([ROOT / "scripts/reference.sh", command, "--no-build"], text=True, capture_output=True,
                                 env={**os.environ, "CROSSVAL_CACHE": str(cache)})
        folder = pathlib.Path(missing.stderr.splitlines()[0].removeprefix("crossval: not there yet: "))
        folder.mkdir()
        script(folder / folder.name.rpartition("-")[0], "exit 3\n")
    checks = doctor(crossval, code=4, CROSSVAL_CACHE=cache)
    for name, built in ("templates", "jinja"), ("reference", "worker"):
        assert checks[name]["state"] == "problem"
        repair = checks[name]["repair"].rpartition("Run: ")[2]
        assert repair.startswith("rm -r ") and repair.endswith(BUILD)
        done = subprocess.run(repair, shell=True, cwd="/", text=True, capture_output=True,
                              env={**os.environ, "MAKEFLAGS": "n", "CROSSVAL_CACHE": str(cache)})
        assert done.returncode == 0 and f"scripts/reference.sh {built}" in done.stdout, done.stderr
    assert [path for kind in ("libs", "programs") for path in (cache / kind).iterdir()] == []


def test_text_says_the_same(crossval):
    run = crossval("doctor")
    assert run.code == 0
    lines = run.out.splitlines()
    for name in NAMES:
        assert any(line.startswith(f"ok         {name}: ") for line in lines), name
    assert all(len(line) <= 80 or " " not in line.strip() for line in lines)


def test_without_a_reference_the_rest_is_told(crossval, model, tmp_path):
    checks = doctor(crossval, "-m", model, code=4, CROSSVAL_CACHE=tmp_path / "cache")
    assert list(checks) == NAMES[:-1] + ["model-native"]
    assert checks["reference"]["state"] == "problem" and f"Run: {BUILD}" in checks["reference"]["repair"]
    assert checks["templates"]["state"] == "warning" and checks["templates"]["repair"] == f"Run: {BUILD}"
    assert checks["cache"]["state"] == "ok" and "nothing there yet" in checks["cache"]["detail"]
    assert checks["model-native"]["state"] == "ok"


@pytest.mark.parametrize("worker, said", [
    (None, "No such file"),
    ("echo I cannot >&2; exit 3", "status 3"),
    ("echo nonsense", "llama.cpp"),
])
def test_a_worker_that_is_none(crossval, tmp_path, worker, said):
    path = tmp_path / "worker"
    if worker:
        script(path, worker + "\n")
    checks = doctor(crossval, code=4, CROSSVAL_WORKER=path)
    reference = checks["reference"]
    assert reference["state"] == "problem" and "canonical" not in checks
    assert said in reference["detail"] and str(path) in reference["detail"]
    assert "CROSSVAL_WORKER" in reference["repair"]
    if worker and "I cannot" in worker:
        assert "I cannot" in reference["repair"]


def test_a_reference_of_another_arithmetic(crossval):
    checks = doctor(crossval, "--reference", "native:fault=eps")
    assert checks["reference"]["state"] == "ok"
    assert checks["canonical"]["state"] == "warning"
    assert "rows" in checks["canonical"]["detail"]
    assert checks["canonical"]["repair"].endswith(f"Leave --reference out. Run: {BUILD}")


def test_a_build_as_it_is(crossval):
    """It claims nothing, and by its own defaults it fuses attention; asked for canonical settings, this one is that."""
    build = f"llama.cpp:build={reference('libs')}"
    checks = doctor(crossval, "--reference", build)
    assert ", as-built, " in checks["reference"]["detail"] and checks["reference"]["state"] == "ok"
    assert checks["canonical"]["state"] == "warning" and "rows" in checks["canonical"]["detail"]
    checks = doctor(crossval, "--reference", build + ",profile=canonical")
    assert checks["canonical"]["state"] == "ok" and "every bit" in checks["canonical"]["detail"]


def test_kernels_forced_down(crossval):
    best = doctor(crossval)["kernels"]["detail"]
    checks = doctor(crossval, CROSSVAL_KERNELS="scalar")
    assert checks["kernels"]["state"] == ("ok" if best.startswith("scalar") else "warning")
    assert checks["canonical"]["state"] == "ok"  # every set gives the same bits
    checks = doctor(crossval, code=64, CROSSVAL_KERNELS="abacus")
    assert checks["kernels"]["state"] == "problem" and "CROSSVAL_KERNELS" in checks["kernels"]["repair"]


def test_a_renderer_that_is_none(crossval, tmp_path):
    wrong = script(tmp_path / "jinja", "cat > /dev/null; echo '{\"text\": \"nothing\"}'\n")
    for path in (wrong, "/nonexistent/jinja"):
        checks = doctor(crossval, code=4, CROSSVAL_JINJA=path)
        assert checks["templates"]["state"] == "problem"
        assert checks["templates"]["repair"] == f"Run: unset CROSSVAL_JINJA; {BUILD}"
        assert str(path) in checks["templates"]["detail"]
        assert checks["canonical"]["state"] == "ok"


def test_a_model_that_cannot_be_loaded(crossval, tmp_path):
    path = tmp_path / "m.gguf"
    path.write_bytes(b"GGUF but no more")
    checks = doctor(crossval, "-m", path, code=5)
    for name in ("model-native", "model-reference"):
        assert checks[name]["state"] == "problem"
        assert "m.gguf" in checks[name]["detail"]


def test_a_cache_that_cannot_be_written(crossval, tmp_path):
    (tmp_path / "file").touch()
    worker = doctor(crossval)["reference"]["detail"].rpartition("; ")[2]
    jinja = doctor(crossval)["templates"]["detail"].rpartition(" ")[2]
    checks = doctor(crossval, CROSSVAL_CACHE=tmp_path / "file" / "cache", CROSSVAL_WORKER=worker, CROSSVAL_JINJA=jinja)
    assert checks["cache"]["state"] == "warning" and "CROSSVAL_CACHE" in checks["cache"]["repair"]
    assert checks["canonical"]["state"] == "ok"


def test_bad_options(crossval):
    for args in (["--reference", "nobody"], ["--reference", "native:colour=red"], ["surplus"]):
        assert crossval("doctor", *args).code == 64
