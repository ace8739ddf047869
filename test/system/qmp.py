"""QEMU's own word (QMP): what happened to the board, and what a test does to its devices."""

import json
import socket
import time

import harness


class Monitor:
    """machine: the Machine that is read from meanwhile; path: of the socket given to QEMU's -qmp."""

    def __init__(self, machine, path):
        self.machine = machine
        self.events = []
        self._text = ""
        self._answers = []
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.connect(str(path))
        self._socket.settimeout(1)
        self.call("qmp_capabilities")

    def close(self):
        self._socket.close()

    def _read(self):
        self.machine.pump(0)
        try:
            self._text += self._socket.recv(65536).decode()
        except TimeoutError:
            return
        *lines, self._text = self._text.split("\n")
        for line in map(json.loads, lines):
            if "event" in line:
                self.events.append(line["event"])
            elif "QMP" not in line:
                self._answers.append(line)

    def call(self, command, **arguments):
        self._socket.sendall(json.dumps({"execute": command, "arguments": arguments}).encode())
        end = time.monotonic() + harness.ANSWER_S
        while not self._answers:
            if time.monotonic() > end:
                self.machine.fail(f"QEMU does not answer {command}")
            self._read()
        answer = self._answers.pop(0)
        if "error" in answer:
            self.machine.fail(f"{command}: {answer['error']}")
        return answer["return"]

    def saw(self, event, seconds):
        """True when the event has come before `seconds` are over."""
        end = time.monotonic() + seconds
        while event not in self.events and time.monotonic() < end:
            self._read()
        return event in self.events
