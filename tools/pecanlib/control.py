"""The client of the management port (docs/book/control.md): one JSON object a line over a unix socket."""

import json
import os
import socket
import time

from .ui import PecanError

# A reply of `top` with every table full is far below this.
LINE_MAX = 1 << 20
# What the system reads as one line.
REQUEST_MAX = 512
TIMEOUT = 10
# A guest is asked to go, or is built anew, before the reply comes.
TIMEOUT_SLOW = 60
SLOW = ("start", "stop", "restart")
BUSY = ("Another `./pecan vm` may be using the management port (one can at a time), or the system is only "
        "starting: try again. The system's own console tells more.")


class Control:
    """A connection to a running system's management port. A context manager."""

    def __init__(self, path, timeout=TIMEOUT):
        self.timeout = timeout
        self.events = []
        self._pending = b""
        # Unlike the numbers of whoever was here before: a late answer to them is not ours.
        self._id = int.from_bytes(os.urandom(3), "big") + 1
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._socket.settimeout(timeout)
        try:
            self._socket.connect(str(path))
        except OSError as error:
            self._socket.close()
            raise PecanError(f"the management port {path} cannot be reached: {error.strerror or error}", BUSY) from None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._socket.close()

    def _line(self, deadline):
        """The next line, or None when the deadline has passed."""
        while b"\n" not in self._pending:
            left = deadline - time.monotonic()
            if left <= 0:
                return None
            self._socket.settimeout(left)
            try:
                data = self._socket.recv(65536)
            except socket.timeout:
                return None
            except OSError as error:
                raise PecanError(f"the management port failed: {error.strerror or error}") from None
            if not data:
                raise PecanError("the system has closed its management port", "It has probably ended.")
            self._pending += data
            if len(self._pending) > LINE_MAX:
                raise PecanError("the management port sends a line without an end")
        line, _, self._pending = self._pending.partition(b"\n")
        return line

    def receive(self, timeout):
        """The next message, a dict; None when none has come in time. What is no JSON object is skipped."""
        deadline = time.monotonic() + timeout
        while True:
            line = self._line(deadline)
            if line is None:
                return None
            try:
                message = json.loads(line.decode(errors="replace"))
            except ValueError:
                continue
            if isinstance(message, dict):
                return message

    def _send(self, request):
        line = json.dumps(request, ensure_ascii=False).encode(errors="replace") + b"\n"
        if len(line) > REQUEST_MAX:
            raise PecanError(f"{request['verb']}: no VM has a name that long", "`./pecan vm list` shows them.")
        try:
            self._socket.settimeout(self.timeout)
            self._socket.sendall(line)
        except OSError as error:
            raise PecanError(f"the management port takes no request: {error.strerror or error}", BUSY) from None

    def call(self, verb, vm=None):
        """The reply to a request; raises with its error and remedy when it is refused."""
        self._id += 1
        request = {"id": self._id, "verb": verb, **({"vm": vm} if vm else {})}
        limit = max(self.timeout, TIMEOUT_SLOW if verb in SLOW and self.timeout >= TIMEOUT else 0)
        deadline, again = time.monotonic() + limit, True
        self._send(request)
        while True:
            reply = self.receive(deadline - time.monotonic())
            if reply is None:
                raise PecanError(f"no answer to '{verb}' within {limit:g} s", BUSY)
            if "event" in reply:
                self.events.append(reply)
            elif reply.get("id") == self._id:
                break
            elif "id" not in reply and again:
                # Half a line that somebody left behind has spoiled ours.
                again = False
                self._send(request)
        if reply.get("ok") is not True:
            raise PecanError(f"{verb}{' ' + vm if vm else ''}: {reply.get('error', 'refused')}", reply.get("remedy"))
        return reply
