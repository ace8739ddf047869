"""`./pecan vm console`: joins the terminal, or a pipe, to a console's socket."""

import os
import select
import socket
import sys
import termios
import time
import tty

from .ui import PecanError, say

ESCAPE = b"\x1d"  # Ctrl-]
# A guest's serial port takes a few bytes at a time.
CHUNK, PACE = 64, 0.01


def connect(path):
    console = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        console.settimeout(10)
        console.connect(str(path))
    except OSError as error:
        console.close()
        raise PecanError(f"the console {path} cannot be reached: {error.strerror or error}",
                         "One terminal at a time can use a console.") from None
    console.settimeout(30)
    return console


def _write(data):
    sys.stdout.buffer.write(data)
    sys.stdout.buffer.flush()


def _send(console, data):
    for at in range(0, len(data), CHUNK):
        console.sendall(data[at:at + CHUNK])
        time.sleep(PACE)


def _joined(console, source, linger):
    """Copies both ways. Ends on the escape key (a terminal), or when the console has been silent for `linger`
    seconds after the end of the input (a pipe). False when the system has ended."""
    watched, quiet_since = [console, source], time.monotonic()
    while True:
        ready, _, _ = select.select(watched, [], [], 0.2)
        if console in ready:
            data = console.recv(65536)
            if not data:
                return False
            _write(data)
            quiet_since = time.monotonic()
        if source in ready:
            data = os.read(source, 4096)
            if linger is None and (ESCAPE in data or not data):
                _send(console, data.partition(ESCAPE)[0])
                return True
            if not data:
                watched, quiet_since = [console], time.monotonic()
            _send(console, data)
            if data:
                quiet_since = time.monotonic()
        if source not in watched and time.monotonic() - quiet_since >= linger:
            return True


def run(path, name, linger):
    """Attaches stdin and stdout to a console. linger: seconds of silence that end it once a pipe is empty."""
    source = sys.stdin.fileno()
    terminal = os.isatty(source)
    with connect(path) as console:
        if not terminal:
            ended = not _joined(console, source, linger)
        else:
            say(f"console of {name}; Ctrl-] leaves")
            saved = termios.tcgetattr(source)
            try:
                tty.setraw(source)
                ended = not _joined(console, source, None)
            finally:
                termios.tcsetattr(source, termios.TCSADRAIN, saved)
                print(file=sys.stderr)
    if ended:
        say("the system has ended")
    return 0
