"""crossval.ray on a real Ray: the results are those of one process; a worker that is killed, a node that is lost."""
import json
import os
import pathlib
import subprocess
import tempfile

import pytest

from conftest import ROOT
from test_suite import tiny, whole, write_suite  # noqa: F401 (fixtures)

PYTHON = ROOT / "build" / "ray" / "bin" / "python"
pytestmark = pytest.mark.skipif(not (ROOT / "build" / "ray" / ".installed").exists(), reason="not installed: make test-engines")

# Ray's own talk is switched off where it can be; what it prints goes to stderr. Its workers run with niceness 15 unless
# told: on a full machine they would hardly ever run.
SETTINGS = {"RAY_USAGE_STATS_ENABLED": "0", "RAY_AUTH_MODE": "disabled", "RAY_worker_niceness": "0",
            "PYTHONPATH": str(ROOT / "engines" / "python")}

HEAD = """
import json, os, signal, sys, threading, time
import ray, crossval.ray
suite, folder, shards = sys.argv[1], sys.argv[2], int(sys.argv[3])
"""
RUN = """
report = crossval.ray.run_suite(suite, folder, shards)
ray.shutdown()
print(json.dumps(report))
"""
ONE_NODE = HEAD + "ray.init(address='local', num_cpus=2, include_dashboard=False, object_store_memory=80 << 20, log_to_driver=False)" + RUN
# The first run of a shard that is seen is killed with its worker.
KILLED = HEAD + """
ray.init(address='local', num_cpus=2, include_dashboard=False, object_store_memory=80 << 20, log_to_driver=False)

def kill():
    while True:
        for name in os.listdir("/proc"):
            try:
                words = open(f"/proc/{name}/cmdline").read().split("\\0")
                if "--shard" in words and folder in words and os.path.exists(f"{folder}/shard-0-of-{shards}.sqlite.partial"):
                    worker = int(open(f"/proc/{name}/stat").read().rsplit(")", 1)[1].split()[1])
                    time.sleep(0.2)
                    os.kill(worker, signal.SIGKILL)
                    print("killed", worker, file=sys.stderr)
                    return
            except (OSError, ValueError):
                pass
        time.sleep(0.01)

threading.Thread(target=kill, daemon=True).start()
""" + RUN
TWO_NODES = HEAD + """
from ray.cluster_utils import Cluster
cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "object_store_memory": 80 << 20})
second = cluster.add_node(num_cpus=1, object_store_memory=80 << 20)
ray.init(address=cluster.address, log_to_driver=False)

def lose():
    while not all(os.path.exists(f"{folder}/shard-{i}-of-{shards}.sqlite.partial") for i in (0, 1)):
        time.sleep(0.02)
    cluster.remove_node(second, allow_graceful=False)
    print("lost a node", file=sys.stderr)

threading.Thread(target=lose, daemon=True).start()
""" + RUN + "cluster.shutdown()\n"


def run(binary, program, *arguments):
    # Into files: what Ray leaves running for a moment would keep a pipe open.
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err:
        done = subprocess.run([PYTHON, "-c", program, *map(str, arguments)], stdout=out, stderr=err, timeout=1500,
                              env={**os.environ, **SETTINGS, "CROSSVAL": str(pathlib.Path(binary).resolve())})
        out.seek(0)
        err.seek(0)
        said = err.read()
        assert done.returncode == 0, said[-3000:]
        return json.loads(out.read().strip().splitlines()[-1]), said


def test_tasks_give_what_one_process_gives(binary, tiny, whole, tmp_path):  # noqa: F811
    report, _ = run(binary, ONE_NODE, write_suite(tmp_path / "s", tiny), tmp_path / "r", 4)
    assert report == whole[1]


@pytest.mark.parametrize("program, said", [(KILLED, "killed"), (TWO_NODES, "lost a node")], ids=["worker", "node"])
def test_what_is_lost_runs_again(binary, crossval, tiny, tmp_path, program, said):  # noqa: F811
    suite = write_suite(tmp_path / "s", tiny, max_tokens=60)
    report, err = run(binary, program, suite, tmp_path / "r", 2)
    assert said in err
    alone = crossval("suite", "run", suite, "-o", tmp_path / "alone", "--format", "json")
    assert report == alone.json


def test_a_suite_that_is_refused_starts_no_task(binary, tmp_path):
    (tmp_path / "s.json").write_text("{}")
    done = subprocess.run([PYTHON, "-c", HEAD + "ray.init(address='local', num_cpus=1, include_dashboard=False)" + RUN, tmp_path / "s.json", tmp_path / "r", "2"],
                          text=True, capture_output=True, timeout=1500, env={**os.environ, **SETTINGS, "CROSSVAL": str(binary)})
    assert done.returncode == 1 and "crossval.program.Failed" in done.stderr and '"pairs" is missing' in done.stderr
