"""A Slurm cluster of two nodes on this machine: slurmctld, two slurmd and munged, all of it below one folder."""
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import time

NEEDS = ("munged", "slurmctld", "slurmd", "sbatch", "scontrol", "sinfo", "squeue")


def missing():
    """Programs that scripts/deps.sh slurm would install; as root, for Slurm starts jobs as their users."""
    path = f"{os.environ['PATH']}:/usr/sbin:/sbin"
    return [name for name in NEEDS if shutil.which(name, path=path) is None] + ([] if os.geteuid() == 0 else ["root"])


def free_ports(count):
    sockets = [socket.socket() for _ in range(count)]
    for each in sockets:
        each.bind(("127.0.0.1", 0))
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


class Cluster:
    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.folder.chmod(0o755)
        host, (ctld, *nodes) = socket.gethostname(), free_ports(3)
        names = ["n1", "n2"]
        for name in names:
            (self.folder / f"spool-{name}").mkdir()
        (self.folder / "state").mkdir()
        munge = self.folder / "munge"
        munge.mkdir()
        # The daemons' folder is no other user's to write in, and its socket everybody's to find.
        (munge / "key").write_bytes(os.urandom(128))
        self.conf = self.folder / "slurm.conf"
        lines = {
            "ClusterName": "crossval", "SlurmctldHost": f"{host}(127.0.0.1)", "SlurmUser": "root", "SlurmctldPort": ctld,
            "AuthType": "auth/munge", "AuthInfo": f"socket={munge}/socket", "StateSaveLocation": self.folder / "state",
            "SlurmdSpoolDir": f"{self.folder}/spool-%n", "SlurmctldPidFile": self.folder / "ctld.pid",
            "SlurmdPidFile": f"{self.folder}/slurmd-%n.pid", "SlurmctldLogFile": self.folder / "ctld.log",
            "SlurmdLogFile": f"{self.folder}/slurmd-%n.log", "ProctrackType": "proctrack/linuxproc",
            "TaskPlugin": "task/none", "SelectType": "select/cons_tres", "SelectTypeParameters": "CR_Core",
            "AccountingStorageType": "accounting_storage/none", "JobAcctGatherType": "jobacct_gather/none",
            "ReturnToService": 2, "MinJobAge": 600, "SlurmdTimeout": 6, "MpiDefault": "none",
            "SchedulerParameters": "sched_interval=1,bf_interval=1", "KillWait": 2}
        text = "".join(f"{key}={value}\n" for key, value in lines.items())
        for name, port in zip(names, nodes):
            text += f"NodeName={name} NodeHostname={host} NodeAddr=127.0.0.1 Port={port} CPUs=1\n"
        self.conf.write_text(text + "PartitionName=all Nodes=n1,n2 Default=YES MaxTime=INFINITE State=UP\n")
        self.env = {**os.environ, "SLURM_CONF": str(self.conf), "PATH": f"{os.environ['PATH']}:/usr/sbin:/sbin"}
        shutil.chown(munge, "munge", "munge")
        shutil.chown(munge / "key", "munge", "munge")
        (munge / "key").chmod(0o600)
        munge.chmod(0o755)
        self.run("runuser", "-u", "munge", "--", "munged", f"--key-file={munge}/key", f"--socket={munge}/socket",
                 f"--pid-file={munge}/pid", f"--log-file={munge}/log", f"--seed-file={munge}/seed")
        self.run("slurmctld", "-i", "-f", self.conf)
        for name in names:
            self.start_node(name)
        self.wait(lambda: self.run("sinfo", "-h", "-o", "%t").strip() == "idle")

    def run(self, *words, check=True):
        done = subprocess.run([str(word) for word in words], text=True, env=self.env, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, timeout=300)
        assert not check or done.returncode == 0, (words, done.stderr)
        return done.stdout

    def start_node(self, name):
        self.run("slurmd", "-N", name, "-f", self.conf)

    def kill_node(self, name):
        """The node's daemon and all that it runs, at once."""
        pid = int((self.folder / f"slurmd-{name}.pid").read_text())
        for line in subprocess.run(["ps", "-ww", "-eo", "pid,args"], text=True, stdout=subprocess.PIPE).stdout.splitlines():
            other, args = line.split(None, 1)
            if f"spool-{name}/" in args or (args.startswith("slurmstepd") and self.is_of(other, name)):
                self.kill(int(other))
        self.kill(pid)

    def is_of(self, pid, name):
        try:
            return f"SLURMD_NODENAME={name}" in pathlib.Path(f"/proc/{pid}/environ").read_text(errors="replace")
        except OSError:
            return False

    @staticmethod
    def kill(pid, number=signal.SIGKILL):
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            pass

    def jobs(self):
        """State of each task: {"17_0": "RUNNING", …}; a finished one stays for MinJobAge."""
        text = self.run("scontrol", "show", "job", "-o", check=False)
        states = {}
        for line in text.splitlines():
            words = dict(word.split("=", 1) for word in line.split() if "=" in word)
            if "JobId" not in words:
                continue
            name = words["JobId"] if "ArrayTaskId" not in words else f"{words['ArrayJobId']}_{words['ArrayTaskId']}"
            states[name] = words["JobState"]
        return states

    @staticmethod
    def wait(condition):
        end = time.monotonic() + 300
        while not condition():
            assert time.monotonic() < end, "it did not come to pass in time"
            time.sleep(0.1)

    def stop(self):
        self.run("scancel", "--user=root", check=False)
        for path in [*self.folder.glob("*.pid"), self.folder / "munge" / "pid"]:
            if path.exists():
                self.kill(int(path.read_text()), signal.SIGTERM)
        time.sleep(1)
        for line in subprocess.run(["ps", "-ww", "-eo", "pid,args"], text=True, stdout=subprocess.PIPE).stdout.splitlines():
            other, args = line.split(None, 1)
            if str(self.folder) in args and int(other) != os.getpid():
                self.kill(int(other))
