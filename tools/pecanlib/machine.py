"""A QEMU under control: started, read, typed to, and always ended, by its process id.

Nothing here waits without a limit. Every byte of the console goes to a log file as it arrives.
"""

import ctypes
import os
import pathlib
import re
import select
import signal
import subprocess
import time

from .console import Console
from .ui import PecanError

READ_SIZE = 65536
PR_SET_PDEATHSIG = 1
# For a QEMU that has closed its console, or was killed, to be gone: it has a gigabyte to give back.
END_S = 60


class Failed(PecanError):
    """The machine did not do what was expected of it."""


def end_with_parent():
    """In the child, before QEMU: whatever ends us ends QEMU."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


class Machine:
    """One QEMU process with its console on a pipe. Use it as a context manager.

    devices: its Devices (control and console sockets), closed with it.
    """

    def __init__(self, command, log, devices=None):
        self.devices = devices
        self.waiting = None  # called while expect() and wait_exit() wait
        self.console = Console(devices.guests if devices else ())
        self.at = (0, 0)
        self.log_path = pathlib.Path(log)
        self.log_path.parent.mkdir(parents=True, exist_ok=True)
        self._log = open(self.log_path, "wb", buffering=0)
        try:
            self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                            stderr=subprocess.STDOUT, start_new_session=True,
                                            preexec_fn=end_with_parent)
        except FileNotFoundError:
            raise PecanError(f"{command[0]} is not installed", "Run `./pecan setup`.") from None
        os.set_blocking(self.process.stdout.fileno(), False)
        if devices:
            devices.started(self.process.pid)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        """Ends QEMU and closes the log."""
        self.process.kill()
        self.process.wait(END_S)
        self._read(0)
        if self.devices:
            self.devices.close()
        for stream in (self.process.stdin, self.process.stdout, self._log):
            try:
                stream.close()
            except OSError:
                pass

    def _read(self, seconds):
        """Takes what the console has to say, waiting at most `seconds`. False at its end."""
        if self.process.stdout.closed:
            return False
        ready, _, _ = select.select([self.process.stdout], [], [], max(0, seconds))
        if not ready:
            if self.waiting and seconds > 0:
                self.waiting()
            return True
        data = os.read(self.process.stdout.fileno(), READ_SIZE)
        if data:
            self._log.write(data)
            self.console.feed(data)
        return bool(data)

    def fail(self, what):
        """Raises Failed with the last console lines and the log's path."""
        lines = "\n".join(f"    {line}" for line in self.console.last())
        raise Failed(f"{what}\n  last console lines:\n{lines}", f"Console log: {self.log_path}")

    def _gave_up(self):
        """True when the system has given up; what it still prints in the next second is then read."""
        if self.console.fatal() is None:
            return False
        end = time.monotonic() + 1
        while time.monotonic() < end and self._read(end - time.monotonic()):
            pass
        return True

    def _fail_fatal(self):
        self.fail(f"the system gave up: {self.console.fatal().strip()}")

    def expect(self, pattern, timeout, guest_only=True):
        """Waits for a line (or unfinished line) that matches; the next expect() starts after the match.

        Fails on a timeout, when the system gives up (console.FATAL), and when QEMU ends first.
        """
        pattern = re.compile(pattern) if isinstance(pattern, str) else pattern
        deadline = time.monotonic() + timeout
        alive, gave_up = True, False
        while True:
            found = self.console.search(pattern, self.at, guest_only)
            if found:
                match, self.at = found
                return match
            # What precedes the last few lines has been searched in full and cannot change.
            self.at = max(self.at, (len(self.console.lines), 0))
            if gave_up:
                self._fail_fatal()
            gave_up = self._gave_up()
            if gave_up:
                continue
            if not alive:
                self.fail(f"QEMU ended (status {self.process.wait(END_S)}) before /{pattern.pattern}/ was seen")
            left = deadline - time.monotonic()
            if left <= 0:
                self.fail(f"/{pattern.pattern}/ was not seen within {timeout:g} s")
            alive = self._read(min(left, 1))

    def finish_line(self):
        """Reads on, for a moment, until the line that is being printed is whole."""
        end = time.monotonic() + 0.5
        while self.console.tail and time.monotonic() < end and self._read(end - time.monotonic()):
            pass

    def pump(self, seconds):
        """Takes what the console says, waiting at most `seconds`: for a test that waits for something else. Fails
        when the system gives up or QEMU ends."""
        if not self._read(seconds):
            self.fail(f"QEMU ended (status {self.process.wait(END_S)})")
        if self._gave_up():
            self._fail_fatal()

    def send(self, text):
        """Types text at the console, slowly enough for a UART without flow control."""
        for at in range(0, len(text), 8):
            try:
                self.process.stdin.write(text[at:at + 8].encode())
                self.process.stdin.flush()
            except BrokenPipeError:
                self.fail("QEMU ended while it was typed to")
            self._read(0.02)

    def wait_exit(self, timeout, may_give_up=False):
        """Waits until QEMU ends by itself; returns its status. Fails on a timeout, and when the system gives up
        unless it may: then all is read that it says until its end."""
        deadline = time.monotonic() + timeout
        while self._read(min(1, max(0, deadline - time.monotonic()))):
            if not may_give_up and self._gave_up():
                self._fail_fatal()
            if time.monotonic() > deadline:
                self.fail(f"QEMU was still running after {timeout:g} s")
        if not may_give_up and self._gave_up():
            self._fail_fatal()
        return self.process.wait(END_S)
