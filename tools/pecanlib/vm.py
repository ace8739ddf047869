"""`./pecan vm`: talks to a running system over its management port and its consoles."""

import json
import sys

from . import attach, running, top
from .control import Control
from .ui import PecanError, say

LATER = ("checkpoint", "restore", "migrate")
ACTIONS = ("start", "stop", "pause", "resume", "restart")
DONE = {"start": "started", "stop": "stopped", "pause": "paused", "resume": "resumed", "restart": "restarted"}


def _control(note):
    if not note.get("control"):
        raise PecanError(f"{note['config']} has no management port",
                         'Its configuration switches one on with: &console0 { status = "okay"; };')
    return Control(note["control"])


def _list(note, options):
    with _control(note) as control:
        reply = control.call("list")
    if options.json:
        print(json.dumps(reply))
    else:
        print("\n".join(top.table(["VM", "state"], [[vm["name"], vm["state"]] for vm in reply.get("vms", [])])))
    return 0


def _top(note, options):
    title = f"{note['config']} on {note['board']}"
    with _control(note) as control:
        if options.json:
            print(json.dumps(control.call("top")))
        elif options.once or not (sys.stdout.isatty() and sys.stdin.isatty()):
            print("\n".join(top.screen(control.call("top"), {}, title)))
        else:
            top.live(control, title)
    return 0


def _console(note, options):
    consoles = note.get("consoles") or {}
    if not consoles:
        raise PecanError(f"{note['config']} has no consoles but the serial port's",
                         'Its configuration switches them on with: &console0 { status = "okay"; };')
    name = options.name
    if name is None and len({console.partition(".hvc0")[0] for console in consoles}) == 1:
        name = next(iter(consoles))
    if name not in consoles:
        raise PecanError(f"no console called '{name}'" if name else "which console?",
                         f"Consoles: {', '.join(consoles)}.", status=1 if name else 2)
    return attach.run(consoles[name], name, options.linger)


def _act(note, options):
    if not options.name:
        raise PecanError(f"vm {options.action}: which VM?", "Name one; `./pecan vm list` shows them.", status=2)
    with _control(note) as control:
        control.call(options.action, options.name)
    say(f"{options.name} {DONE[options.action]}")
    return 0


def run(options):
    if options.action in LATER:
        raise PecanError(f"vm {options.action}: not there yet",
                         "A guest cannot be written out so far; `./pecan vm pause` stops one.", status=2)
    note = running.find(options.system)
    verbs = {"list": _list, "top": _top, "console": _console}
    return verbs.get(options.action, _act)(note, options)
