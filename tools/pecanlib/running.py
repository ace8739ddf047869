"""Notes about running systems: build/<preset>/run/<configuration>.running.json says who runs and where its
sockets are. A note whose QEMU is gone is removed by whoever finds it.
"""

import json
import os
import pathlib

from . import project
from .ui import PecanError

SUFFIX = ".running.json"


def _is_qemu(pid):
    if pid <= 1:
        return False
    try:
        os.kill(pid, 0)
        name = pathlib.Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")[0]
        # A process that is just being started has no name yet, one that has ended has none any more.
        zombie = pathlib.Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()[0] == b"Z"
        return b"qemu" in name or (not name and not zombie)
    except (OSError, ValueError, OverflowError):
        return False


def read(path):
    """The note's content, or None when there is none or its system is gone (the note then goes too)."""
    try:
        note = json.loads(pathlib.Path(path).read_text())
        if isinstance(note, dict) and isinstance(note.get("pid"), int) and _is_qemu(note["pid"]):
            return note
    except FileNotFoundError:
        return None
    except ValueError:
        pass
    pathlib.Path(path).unlink(missing_ok=True)
    return None


def write(folder, config, note):
    """Writes a note in one step and returns its path."""
    path = pathlib.Path(folder) / f"{config}{SUFFIX}"
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    partial.write_text(json.dumps(note, indent=2) + "\n")
    partial.replace(path)
    return path


def alive(folder, config):
    return read(pathlib.Path(folder) / f"{config}{SUFFIX}")


def refuse_second(folder, config):
    """A configuration with devices runs once at a time: its disks and its name are taken."""
    note = alive(folder, config)
    if note:
        raise PecanError(f"{config} is running already (QEMU's process {note['pid']})",
                         "End it first, or run a copy of the configuration under another name.")


def find(name=None):
    """The note of the one running system, or of the one that `name` (a configuration, or a note's file) means."""
    if name and name.endswith(SUFFIX):
        note = read(name)
        if not note:
            raise PecanError(f"{name}: no running system", "Start one: `./pecan run`.")
        return note
    notes = [read(path) for path in sorted((project.ROOT / "build").glob(f"*/run/*{SUFFIX}"))]
    notes = [note for note in notes if note]
    names = ", ".join(f"{note['config']} (on {note['board']}, process {note['pid']})" for note in notes)
    chosen = [note for note in notes if name in (None, note["config"])]
    if not notes:
        raise PecanError("no system is running", "Start one in another terminal: `./pecan run`.")
    if not chosen:
        raise PecanError(f"no system called '{name}' is running", f"Running: {names}.")
    if len(chosen) > 1:
        raise PecanError("several systems are running" if not name else f"several systems are called '{name}'",
                         f"Choose one with --system NAME or the file of its note: {names}.")
    return chosen[0]
