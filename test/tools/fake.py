"""A stand-in for a running system: a process that looks like QEMU, a management port and consoles on sockets."""

import json
import pathlib
import shutil
import socket
import subprocess
import tempfile
import threading

STATES = {"phone0": "running", "radio": "paused"}


def top_reply(clock_ns, scale):
    """A `top` whose counters grow with scale."""
    return {"clock_ns": clock_ns, "memory": {"total_kib": 1 << 20, "free_kib": 512 << 10},
            "servers": [{"name": "init", "ns": 20_000_000 * scale, "kib": 96}],
            "vms": [{"name": "phone0", "state": "running", "priority": 100, "ram_kib": 131072, "overhead_kib": 300,
                     "vcpu_ns": 500_000_000 * scale, "vmm_ns": 100_000_000 * scale, "virqs": 250 * scale, "resets": 0,
                     "exits": {"mmio": 1000 * scale, "hvc": 10 * scale},
                     "devices": [{"name": "disk0", "kicks": 40 * scale, "requests": 80 * scale,
                                  "interrupts": 30 * scale,
                                  "errors": 0, "from": 4096 * scale, "to": 8192 * scale}],
                     "ports": [{"tx_frames": 7 * scale, "tx_bytes": 700 * scale, "rx_frames": 0, "rx_bytes": 0,
                                "full": 0, "policy": 3, "rate": 0, "errors": 0}]}]}


class FakeSystem:
    """Use it as a context manager; `note` is the file for --system. answers: {verb: raw bytes or function}."""

    def __init__(self, answers=None):
        self.answers = answers or {}
        self.requests = []
        self.tops = 0
        self.farewell = None

    def __enter__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="pecan-", dir="/tmp"))
        self.process = subprocess.Popen(["qemu-of-a-test", "600"], executable="/bin/sleep")
        self.note = self.folder / "phones.running.json"
        self.sockets = []
        for name, serve in (("control", self._control), ("console.phone0", self._echo)):
            server = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            server.bind(str(self.folder / name))
            server.listen()
            self.sockets.append(server)
            threading.Thread(target=self._accept, args=(server, serve), daemon=True).start()
        self.note.write_text(json.dumps({
            "pid": self.process.pid, "config": "phones", "board": "qemu-virt-a15",
            "control": str(self.folder / "control"), "consoles": {"phone0": str(self.folder / "console.phone0")}}))
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait(10)
        for server in self.sockets:
            server.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    @staticmethod
    def _accept(server, serve):
        while True:
            try:
                connection, _ = server.accept()
            except OSError:
                return
            with connection:
                try:
                    serve(connection)
                except OSError:
                    pass

    def _control(self, connection):
        for line in connection.makefile("rb"):
            request = json.loads(line)
            self.requests.append(request)
            answer = self.answers.get(request["verb"], self._usual)
            data = answer(request) if callable(answer) else answer
            if isinstance(data, dict):
                data = json.dumps({"id": request["id"], "ok": True, **data}).encode() + b"\n"
            connection.sendall(data)

    def _usual(self, request):
        if request["verb"] == "list":
            return {"vms": [{"name": name, "state": state} for name, state in STATES.items()]}
        if request["verb"] == "top":
            self.tops += 1
            return top_reply(1_000_000_000 * self.tops, self.tops)
        if request.get("vm") not in STATES:
            return {"ok": False, "error": f"no VM called {request.get('vm')}", "remedy": "`./pecan vm list` shows them"}
        return {}

    def _echo(self, connection):
        """A shell that answers in capitals, and goes when it has said its farewell."""
        connection.sendall(b"phone0# ")
        said = b""
        while not (self.farewell and said.endswith(self.farewell)) and (data := connection.recv(4096)):
            said += data.upper()
            connection.sendall(data.upper())
