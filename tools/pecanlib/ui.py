"""Messages to the user, and the one exception that becomes a message instead of a traceback."""

import os
import shutil
import signal
import subprocess
import sys
import time


class PecanError(Exception):
    """A failure that the user can understand: what went wrong, and what to do about it."""

    def __init__(self, what, remedy=None, status=1):
        super().__init__(what)
        self.remedy = remedy
        self.status = status


def say(text):
    """A progress line; on stderr, so that stdout stays for results."""
    print(f"pecan: {text}", file=sys.stderr, flush=True)


class Progress:
    """Tells whoever waits what is going on: on a terminal one line that is rewritten, else a line now and then.

    Says nothing in the first seconds, nor when it was quiet() less than that ago.
    """

    AFTER, EVERY = 2, 10

    def __init__(self, what, stream=None):
        self.what = what
        self.stream = stream or sys.stderr
        self.terminal = self.stream.isatty()
        self.start = self.since = time.monotonic()
        self.told = 0
        self.shown = False

    def show(self, detail):
        now = time.monotonic()
        if now - self.since < self.AFTER or now - self.told < (0.2 if self.terminal else self.EVERY):
            return
        self.told = now
        text = f"pecan: {self.what}: {detail} ({now - self.start:.0f} s)"
        if self.terminal:
            width = shutil.get_terminal_size().columns - 1
            self.stream.write(f"\r\x1b[K{text[:width]}")
        else:
            self.stream.write(f"{text}\n")
        self.stream.flush()
        self.shown = self.terminal

    def quiet(self):
        """Takes the line away, for other output; the silence begins anew."""
        self.since = time.monotonic()
        if self.shown:
            self.stream.write("\r\x1b[K")
            self.stream.flush()
            self.shown = False


def main(function):
    """Runs function() as a program: a PecanError is printed with its remedy, Ctrl-C leaves quietly.

    When the program is told to end, what it started ends with it.
    """
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:  # whoever started us has closed it
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda got, _: sys.exit(128 + got))
    try:
        status = function()
    except PecanError as error:
        print(f"pecan: error: {error}", file=sys.stderr)
        if error.remedy:
            print(f"pecan: {error.remedy}", file=sys.stderr)
        status = error.status
    except subprocess.TimeoutExpired as error:
        print(f"pecan: error: '{error.cmd[0]}' did not end within {error.timeout:g} s", file=sys.stderr)
        status = 1
    except subprocess.CalledProcessError as error:
        print(f"pecan: error: '{' '.join(map(str, error.cmd))}' ended with status {error.returncode}\n"
              f"{error.stderr or ''}", file=sys.stderr)
        status = 1
    except OSError as error:
        print(f"pecan: error: {error.filename or 'system'}: {error.strerror or error}", file=sys.stderr)
        status = 1
    except KeyboardInterrupt:
        print("pecan: interrupted", file=sys.stderr)
        status = 130
    sys.exit(status or 0)
