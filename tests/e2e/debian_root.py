"""A Debian 12 with nothing installed, below one folder: what debootstrap makes of this machine's own package sources."""
import os
import pathlib
import re
import shutil
import subprocess

SOURCES = pathlib.Path("/etc/apt")
ENVIRONMENT = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/srv", "LC_ALL": "C.UTF-8",
               "DEBIAN_FRONTEND": "noninteractive"}
# How this machine reaches PyPI: an index, a proxy and the certificates of whoever stands between.
CERTIFICATES = pathlib.Path("/etc/ssl/certs/ca-certificates.crt")
NETWORK = {key: value for key, value in os.environ.items() if key.startswith("PIP_") or key.lower().endswith("_proxy")}


def missing():
    """What stands in the way of a DebianRoot on this machine."""
    found = [] if shutil.which("debootstrap", path=f"{os.environ['PATH']}:/usr/sbin") else ["debootstrap"]
    return found + ([] if os.geteuid() == 0 else ["root"]) + ([] if mirror() else ["a source of bookworm's packages"])


def mirror():
    """The first address that this machine takes Debian 12 from, or None."""
    for file in sorted(SOURCES.glob("sources.list*")) + sorted(SOURCES.glob("sources.list.d/*")):
        if file.is_file():
            text = file.read_text()
            found = re.search(r"^deb\s+(?:\[[^\]]*\]\s+)?(\S+)\s+bookworm\s", text, re.M) or \
                re.search(r"^URIs:\s*(\S+)\n(?:.*\n)*?Suites:\s*bookworm\b", text, re.M)
            if found:
                return found[1]
    return None


class DebianRoot:
    """Mounts /proc into the folder: close() takes that back before anybody deletes the folder."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        subprocess.run(["debootstrap", "--variant=minbase", "bookworm", self.folder, mirror()], check=True,
                       stdout=subprocess.DEVNULL, env={**os.environ, "PATH": f"{os.environ['PATH']}:/usr/sbin"})
        for name in ("apt/sources.list", "apt/sources.list.d", "apt/apt.conf.d", "resolv.conf", "pip.conf"):
            source, target = pathlib.Path("/etc") / name, self.folder / "etc" / name
            if source.is_dir():
                shutil.copytree(source, target, dirs_exist_ok=True)
            elif source.exists():
                shutil.copy(source, target)
            else:
                target.unlink(missing_ok=True)
        if CERTIFICATES.exists():
            shutil.copy(CERTIFICATES, self.folder / "srv" / CERTIFICATES.name)
        for other in (self.folder / "etc/apt/sources.list.d").iterdir():
            if "bookworm" not in other.read_text() or "keyrings/debian" not in other.read_text():
                other.unlink()  # of others than Debian
        subprocess.run(["mount", "-t", "proc", "proc", self.folder / "proc"], check=True)
        self.run("apt-get", "update", "-qq")

    def run(self, *words, check=True):
        env = {**ENVIRONMENT, **NETWORK}
        if CERTIFICATES.exists():
            env["PIP_CERT"] = f"/srv/{CERTIFICATES.name}"  # /etc/ssl changes when ca-certificates comes with pip
        done = subprocess.run(["chroot", self.folder, *map(str, words)], env=env, capture_output=True, text=True)
        if check and done.returncode:
            raise AssertionError(f"{words}: {done.returncode}\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}")
        return done

    def close(self):
        subprocess.run(["umount", self.folder / "proc"], check=False)
