"""A guest's shell at one of its console sockets, so that a test can talk to several guests at once."""

import re
import select
import socket
import time

from harness import ANSWER_S

READ_SIZE = 65536
ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


class Shell:
    """machine: the Machine whose devices have the socket; console: "NAME", or "NAME.hvc0" for the virtio console.

    start() types a command, finish() waits for its end, run() does both.
    """

    def __init__(self, machine, console):
        self.machine = machine
        self.console = console
        self.text = ""
        self.command = None
        self.number = 0
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(str(machine.devices.consoles[console]))
        self.socket.setblocking(False)

    def close(self):
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def _read(self, seconds):
        """Takes what comes within a moment, and what the board's own console says meanwhile."""
        ready, _, _ = select.select([self.socket], [], [], seconds)
        if ready:
            data = self.socket.recv(READ_SIZE)
            if not data:
                self.machine.fail(f"QEMU closed the console {self.console}")
            self.text = ESCAPES.sub("", self.text + data.decode(errors="replace"))
        self.machine.pump(0)

    def _fail(self, what):
        last = "\n".join(f"    {line}" for line in self.text.splitlines()[-12:])
        self.machine.fail(f"{self.console}: {what}\n  last lines of that console:\n{last}")

    def _send(self, text):
        data = text.encode()
        end = time.monotonic() + ANSWER_S
        while data:
            try:
                data = data[self.socket.send(data):]
            except BlockingIOError:
                if time.monotonic() > end:
                    self._fail("takes no input")
                self._read(0.1)

    def start(self, command):
        """Types a command; what was said before is forgotten."""
        self.text = ""
        self.command = command
        self.number += 1
        # What is typed is echoed, but not like this: only the shell turns it into the marks. The number tells them
        # from those of commands that were typed while the guest was booting.
        self._send(f"echo B$(({self.number}+0))B; {command}; echo E$?E$(({self.number}+0))\n")

    def finish(self, timeout=ANSWER_S, status=0):
        """Waits for the command's end; returns what it printed. Fails unless its exit status is `status` (None: any)."""
        limit = time.monotonic() + timeout
        while not (found := self._ended()):
            if time.monotonic() > limit:
                self._fail(f"`{self.command}` did not end within {timeout:g} s")
            self._read(0.2)
        if status is not None and int(found.group(2)) != status:
            self._fail(f"`{self.command}` ended with status {found.group(2)}")
        return found.group(1).replace("\r", "")

    def _ended(self):
        return re.search(rf"^B{self.number}B\r\n(.*?)^E(\d+)E{self.number}\r?$", self.text, re.M | re.S)

    def run(self, command, timeout=ANSWER_S, status=0):
        self.start(command)
        return self.finish(timeout, status)

    def wait(self, timeout):
        """Waits until the shell answers (after a boot): types a command now and then until it does."""
        end = time.monotonic() + timeout
        while True:
            self.start("true")
            again = time.monotonic() + 5
            while time.monotonic() < again:
                self._read(0.2)
                if self._ended():
                    return
            if time.monotonic() > end:
                self._fail(f"no shell answered within {timeout:g} s")
