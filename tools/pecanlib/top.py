"""`./pecan vm top`: tables out of two replies of the management port's `top`, or of one since the start."""

import os
import select
import shutil
import sys
import termios
import time
import tty

CLEAR = "\x1b[H\x1b[J"
EXITS = ("mmio", "abort", "fetch", "hvc", "smc", "call", "sysreg", "virq", "trap")


def delta(now, before, key):
    """How far a counter went; all of it when it began anew (the VM was restarted)."""
    value, old = now.get(key, 0), (before or {}).get(key, 0)
    return value - old if value >= old else value


def by_name(rows):
    return {row.get("name"): row for row in rows or ()}


def amount(number):
    """A count in at most five characters."""
    for unit in ("", "k", "M", "G"):
        if number < 9999.5:
            return f"{number:.1f}{unit}" if number < 9.95 and (unit or number != int(number)) else f"{number:.0f}{unit}"
        number /= 1000
    return f"{number:.0f}T"


def table(head, rows):
    """Lines of aligned columns: the first to the left, the others to the right."""
    cells = [head, *([str(cell) for cell in row] for row in rows)]
    widths = [max(len(row[column]) for row in cells) for column in range(len(head))]
    return ["  ".join(cell.ljust(width) if column == 0 else cell.rjust(width)
                      for column, (cell, width) in enumerate(zip(row, widths))).rstrip() for row in cells]


def percent(nanoseconds, interval):
    return f"{100 * nanoseconds / interval:.1f}"


def _vms(now, before, interval):
    rows, old = [], by_name(before.get("vms"))
    for vm in now.get("vms", []):
        past, seconds = old.get(vm["name"], {}), interval / 1e9
        exits = [delta(vm.get("exits", {}), past.get("exits"), name) for name in EXITS]
        rows.append([vm["name"], vm.get("state", "?"), vm.get("priority", "-"),
                     percent(delta(vm, past, "vcpu_ns"), interval), percent(delta(vm, past, "vmm_ns"), interval),
                     amount(vm.get("ram_kib", 0) / 1024), amount(vm.get("overhead_kib", 0)),
                     amount(delta(vm, past, "virqs") / seconds), amount(vm.get("resets", 0)),
                     amount(sum(exits) / seconds), *(amount(count / seconds) for count in exits)])
    return table(["VM", "state", "prio", "CPU%", "VMM%", "RAM/MiB", "own/KiB", "irq/s", "resets", "exits/s", *EXITS],
                 rows)


def _devices(now, before, interval):
    rows, old = [], by_name(before.get("vms"))
    for vm in now.get("vms", []):
        past = by_name(old.get(vm["name"], {}).get("devices"))
        for device in vm.get("devices", []):
            was = past.get(device["name"])
            per_second = [delta(device, was, key) / (interval / 1e9)
                          for key in ("kicks", "requests", "interrupts", "from", "to")]
            rows.append([f"{vm['name']}.{device['name']}", *map(amount, per_second), amount(device.get("errors", 0))])
    return table(["device", "kicks/s", "requests/s", "irq/s", "from/s", "to/s", "errors"], rows) if rows else []


def _ports(now, before, interval):
    rows, old = [], by_name(before.get("vms"))
    for vm in now.get("vms", []):
        past = old.get(vm["name"], {}).get("ports") or []
        for number, port in enumerate(vm.get("ports", [])):
            was = past[number] if number < len(past) else None
            per_second = [delta(port, was, key) / (interval / 1e9)
                          for key in ("tx_frames", "tx_bytes", "rx_frames", "rx_bytes")]
            rows.append([f"{vm['name']}.port{number}", *map(amount, per_second),
                         *(amount(port.get(key, 0)) for key in ("full", "policy", "rate", "errors"))])
    return table(["port", "tx/s", "tx B/s", "rx/s", "rx B/s", "full", "policy", "rate", "errors"], rows) if rows else []


def screen(now, before, title):
    """The lines of one picture. before: an earlier reply, or {} for averages since the start."""
    interval = max(1, delta(now, before, "clock_ns"))
    memory = now.get("memory", {})
    old = by_name(before.get("servers"))
    servers = [[server["name"], percent(delta(server, old.get(server["name"]), "ns"), interval),
                amount(server.get("kib", 0))] for server in now.get("servers", [])]
    lines = [f"{title}: up {now.get('clock_ns', 0) / 1e9:.1f} s, over {interval / 1e9:.1f} s; memory "
             f"{memory.get('free_kib', 0) >> 10} of {memory.get('total_kib', 0) >> 10} MiB free"]
    for part in (_vms(now, before, interval), table(["server", "CPU%", "KiB"], servers),
                 _devices(now, before, interval), _ports(now, before, interval)):
        if part:
            lines += ["", *part]
    return lines


def fitted(lines, size):
    """What of a picture the terminal has room for: its beginning, with two lines left below."""
    return [line[:size.columns] for line in lines[:max(1, size.lines - 3)]]


def _key(seconds):
    """Waits; True when the user wants to leave."""
    ready, _, _ = select.select([sys.stdin], [], [], seconds)
    return bool(ready) and os.read(sys.stdin.fileno(), 1) in (b"q", b"Q", b"\x04", b"")


def live(control, title, seconds=1.0):
    """Draws anew every second until q or Ctrl-C."""
    saved = termios.tcgetattr(sys.stdin)
    before = {}
    try:
        tty.setcbreak(sys.stdin)
        while True:
            started = time.monotonic()
            now = control.call("top")
            lines = fitted(screen(now, before, title), shutil.get_terminal_size())
            sys.stdout.write(CLEAR + "\n".join(lines) + "\n\nq leaves\n")
            sys.stdout.flush()
            before = now
            if _key(max(0, seconds - (time.monotonic() - started))):
                return
    except KeyboardInterrupt:
        return
    finally:
        termios.tcsetattr(sys.stdin, termios.TCSADRAIN, saved)
