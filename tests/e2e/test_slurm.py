"""crossval suite slurm on a real Slurm of two nodes: the results are those of one process, whatever is killed."""
import contextlib
import os
import pathlib
import re
import shutil
import signal
import sqlite3
import subprocess
import tempfile
import time

import pytest

import slurm_cluster
from test_suite import rows, some_are_written, tiny, whole, write_suite  # noqa: F401 (fixtures)

pytestmark = pytest.mark.skipif(bool(slurm_cluster.missing()), reason="Slurm is not installed: scripts/deps.sh slurm")


@pytest.fixture(scope="module")
def cluster():
    folder = tempfile.mkdtemp(prefix="crossval-slurm-")  # pytest's own folders are closed to munge's user
    made = slurm_cluster.Cluster(folder)
    yield made
    made.stop()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def submit(crossval, cluster, tiny, tmp_path):  # noqa: F811
    """Starts the suite as an array; gives its folder and a function that waits for the merge."""

    def run(shards, **changes):
        suite, folder = write_suite(tmp_path / "s", tiny, **changes), tmp_path / "r"
        done = crossval("suite", "slurm", suite, "-o", folder, "--shards", shards, env=cluster.env)
        assert done.code == 0, done.err
        array, merge = (line.split("job ")[1].split(",")[0] for line in done.out.splitlines() if "job " in line)

        def wait():
            cluster.wait(lambda: cluster.jobs().get(merge) in ("COMPLETED", "FAILED"))
            return crossval("suite", "report", folder, "--format", "json")

        return folder, array, wait

    return run


def test_an_array_gives_what_one_process_gives(submit, whole):  # noqa: F811
    folder, array, wait = submit(5)
    report = wait()
    assert report.json == whole[1], report.err
    assert rows(folder / "result.sqlite") == rows(whole[0] / "result.sqlite")
    # Each task's output has its verdict; the merge's has the whole.
    assert (folder / "merge.log").read_text().count("24 of 48 runs pass") == 1


def test_a_node_is_lost_in_the_middle(submit, cluster, whole):  # noqa: F811
    """Slurm puts its task back into the queue when the node is known to be down; the other node goes on meanwhile."""
    folder, array, wait = submit(2, max_tokens=30)
    partial = [folder / f"shard-{i}-of-2.sqlite.partial" for i in (0, 1)]
    cluster.wait(lambda: any(some_are_written(path) for path in partial))
    cluster.kill_node("n1")
    cluster.wait(lambda: "down" in cluster.run("sinfo", "-h", "-N", "-n", "n1", "-o", "%t"))
    cluster.start_node("n1")
    cluster.wait(lambda: "COMPLETED" in cluster.jobs().values() or "FAILED" in cluster.jobs().values())
    report = wait()
    assert report.json["missing_shards"] == []
    assert [len(pair["prompts"]) for pair in report.json["pairs"]] == [24, 24]


def start_now(cluster, task, *more):
    """A requeued task, which else waits for two minutes; not within the second in which its node revoked the first run."""
    time.sleep(2.5)
    cluster.run("scontrol", "update", f"jobid={task}", "StartTime=now", *more)


def test_asked_to_end_it_goes_on_where_it_was(crossval, submit, cluster, tiny, tmp_path):  # noqa: F811
    """scancel --signal as Slurm sends it a minute before the limit: what was finished stays, the task waits to run again."""
    folder, array, wait = submit(1, max_tokens=60)
    partial = folder / "shard-0-of-1.sqlite.partial"
    cluster.wait(lambda: some_are_written(partial))
    cluster.run("scancel", "--batch", "--signal=TERM", f"{array}_0")
    task = f"{array}_0"
    cluster.wait(lambda: cluster.jobs().get(task) in ("PENDING", "COMPLETED", "FAILED"))
    assert cluster.jobs()[task] == "PENDING"
    with contextlib.closing(sqlite3.connect(partial)) as db:
        before = db.execute("SELECT count(*) FROM prompt").fetchone()[0]
    assert 0 < before < 48
    start_now(cluster, task)
    report = wait()
    alone = crossval("suite", "run", write_suite(tmp_path / "s", tiny, max_tokens=60), "-o", tmp_path / "alone", "--format", "json")
    assert report.json == alone.json


def process_of(folder):
    """Of the shard that works in this folder."""
    for line in subprocess.run(["ps", "-ww", "-eo", "pid,args"], text=True, stdout=subprocess.PIPE).stdout.splitlines():
        pid, args = line.split(None, 1)
        if " suite run " in args and f" -o {folder} " in args and not args.startswith(("/bin/sh", "/bin/bash")):
            return int(pid)
    raise AssertionError("no shard runs")


def test_slurm_itself_ends_it_at_its_time_limit(submit, cluster, tiny, tmp_path):  # noqa: F811
    """The signal that the script asks for, a minute before the limit: here at once, for the limit becomes a minute."""
    folder, array, wait = submit(1, max_tokens=60)
    task, partial = f"{array}_0", folder / "shard-0-of-1.sqlite.partial"
    cluster.wait(lambda: some_are_written(partial))
    pid = process_of(folder)
    os.kill(pid, signal.SIGSTOP)  # as if it took long
    cluster.run("scontrol", "update", f"jobid={task}", "TimeLimit=1")
    pending = re.compile(r"^ShdPnd:\s*(\w+)", re.M)
    asked = 1 << signal.SIGTERM - 1
    cluster.wait(lambda: int(pending.search(pathlib.Path(f"/proc/{pid}/status").read_text())[1], 16) & asked)
    os.kill(pid, signal.SIGCONT)
    cluster.wait(lambda: cluster.jobs().get(task) in ("PENDING", "COMPLETED", "FAILED", "TIMEOUT"))
    assert cluster.jobs()[task] == "PENDING"
    start_now(cluster, task, "TimeLimit=10")
    report = wait()
    assert report.json["missing_shards"] == []
    assert [len(pair["prompts"]) for pair in report.json["pairs"]] == [24, 24]


def test_what_is_missing_is_submitted_again(crossval, submit, cluster, whole, tmp_path):  # noqa: F811
    """A script that is killed is not requeued: the suite is, its missing shards alone."""
    folder, array, wait = submit(3)
    wait()
    (folder / "shard-1-of-3.sqlite").unlink()
    (folder / "result.sqlite").unlink()
    done = crossval("suite", "slurm", tmp_path / "s" / "suite.json", "-o", folder, env=cluster.env)
    assert done.code == 0 and "1 of 3 shards" in done.out, done.err
    assert "--array=1\n" in (folder / "array.sbatch").read_text()
    merge = [line for line in done.out.splitlines() if line.startswith("merge")][0].split("job ")[1].split(",")[0]
    cluster.wait(lambda: cluster.jobs().get(merge) in ("COMPLETED", "FAILED"))
    assert crossval("suite", "report", folder, "--format", "json").json == whole[1]
    again = crossval("suite", "slurm", tmp_path / "s" / "suite.json", "-o", folder, env=cluster.env)
    assert again.code == 0 and "every shard has a result" in again.out
