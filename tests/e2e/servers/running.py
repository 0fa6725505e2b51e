"""A real server: another program, on a port of its own, until the end of a with block."""
import json
import socket
import subprocess
import time
import urllib.error
import urllib.request


class Running:
    """command: its words, of the port. While it loads it may refuse connections; entered, it takes them."""

    def __init__(self, command, environment=None):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.address = f"http://127.0.0.1:{self.port}"
        self.command, self.environment = list(map(str, command(self.port))), environment

    def __enter__(self):
        self.process = subprocess.Popen(self.command, env=self.environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        until = time.time() + 120
        while time.time() < until and self.process.poll() is None:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return self
            except OSError:
                time.sleep(0.1)
        self.__exit__()
        raise RuntimeError(f"{self.command} takes no connection")

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()

    def post(self, path, question):
        """Its answer; asked again while it says that it is loading."""
        request = urllib.request.Request(self.address + path, json.dumps(question).encode(), {"Content-Type": "application/json"})
        until = time.time() + 120
        while True:
            try:
                return json.load(urllib.request.urlopen(request, timeout=60))
            except urllib.error.HTTPError as error:
                if error.code != 503 or time.time() > until:
                    raise
                time.sleep(0.2)
