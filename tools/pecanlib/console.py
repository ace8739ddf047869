"""Telling apart what guests and what the system itself write to the one console.

A line of the system starts with [kernel], [init], [devmgr] or [vmm:NAME]; a line of a background console
with `name| `, where name is one of the configuration's VMs; the foreground console is bare. A system line may
cut a guest's unfinished line: what follows the tag is never taken for guest output.
"""

import codecs
import re

SYSTEM_NAMES = ("boot", "kernel", "init", "devmgr", "ipc-net")
SYSTEM_TAG = re.compile(rf"\[(?:{'|'.join(SYSTEM_NAMES)}|vmm:[^\]\s]*)\] ")
# What the system says when it cannot go on: a kernel panic, a refusal to start, a guest that did not end in order.
FATAL = re.compile(r"\[kernel\] PANIC|\[(?:boot|init)\] ERROR|\[init\] .*not all in order")
# Control sequences: whole, or given up with CAN.
ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|(?:\x1b(?:\[[0-9;?]*)?)?\x18")


def _may_become_tag(line):
    """True while an unfinished line's end could still turn out to be the start of a system tag."""
    at = line.rfind("[")
    if at < 0 or "]" in line[at:-1]:
        return False
    end = line[at:]
    return end.startswith("[vmm:") or any(f"[{name}] ".startswith(end) for name in SYSTEM_NAMES)


class Console:
    """Assembles console bytes into lines and finds text in them.

    feed() takes bytes; `lines` holds every finished line, `tail` the unfinished one. A position is a pair
    (line number, column in the searched text): search() starts at one and returns the one after its match.
    guests: the names of the VMs, which may stand before a line.
    """

    def __init__(self, guests=()):
        names = "|".join(re.escape(name) for name in sorted(guests, key=len, reverse=True))
        self._background = re.compile(rf"({names})\| ") if guests else None
        self.lines = []
        self.tail = ""
        self._checked = 0
        self._fatal = None
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")

    def feed(self, data):
        text = self.tail + self._decoder.decode(data)
        parts = ESCAPES.sub("", text).replace("\r", "").split("\n")
        self.lines += parts[:-1]
        self.tail = parts[-1]

    def guest_of(self, line):
        """The VM named by a background console's prefix, or None for the foreground console."""
        found = self._background and self._background.match(line)
        return found.group(1) if found else None

    def bare(self, line):
        """A line without a background console's prefix and without a system tag."""
        name = self.guest_of(line)
        return SYSTEM_TAG.sub("", line[len(name) + 2:] if name else line, count=1)

    def guest_text(self, line):
        """The part of a line that a guest wrote, without a background console's prefix; "" for a system line."""
        tag = SYSTEM_TAG.search(line)
        if tag:
            line = line[:tag.start()]
        name = self.guest_of(line)
        return line[len(name) + 2:] if name else line

    def search(self, pattern, start=(0, 0), guest_only=True):
        """(match, position after it) of the first match of a compiled pattern, or None."""
        first, column = start
        for number in range(first, len(self.lines) + 1):
            unfinished = number == len(self.lines)
            line = self.tail if unfinished else self.lines[number]
            if guest_only:
                if unfinished and _may_become_tag(line):
                    return None
                line = self.guest_text(line)
            match = pattern.search(line, column)
            if match:
                return match, (number, match.end())
            column = 0
        return None

    def fatal(self):
        """The first line with which the system gave up, or None."""
        while self._fatal is None and self._checked <= len(self.lines):
            line = self.tail if self._checked == len(self.lines) else self.lines[self._checked]
            if FATAL.search(line):
                self._fatal = self._checked
            elif self._checked == len(self.lines):
                break
            else:
                self._checked += 1
        return None if self._fatal is None else [*self.lines, self.tail][self._fatal]

    def last(self, count=30):
        """The last lines, for a failure report."""
        return self.lines[-count:] + ([self.tail] if self.tail else [])
