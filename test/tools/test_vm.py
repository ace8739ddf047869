"""`./pecan vm` against a stand-in for a running system."""

import json
import os
import pathlib
import pty
import subprocess
import sys
import time
import unittest

import fake
from pecanlib import control, running, top
from pecanlib.ui import PecanError

PECAN = pathlib.Path(__file__).resolve().parents[2] / "tools" / "pecan.py"


def vm(system, *arguments, stdin=b""):
    """(status, stdout, stderr) of one command."""
    done = subprocess.run([sys.executable, "-B", str(PECAN), "vm", *arguments, "--system", str(system)], input=stdin,
                          capture_output=True, timeout=100)
    return done.returncode, done.stdout.decode(), done.stderr.decode()


class VmTest(unittest.TestCase):
    def setUp(self):
        self.system = fake.FakeSystem()
        self.system.__enter__()
        self.addCleanup(self.system.__exit__)

    def answers(self, **answers):
        self.system.answers = answers

    def test_list(self):
        status, output, errors = vm(self.system.note, "list")
        self.assertEqual(status, 0, errors)
        self.assertEqual([line.split() for line in output.splitlines()],
                         [["VM", "state"], ["phone0", "running"], ["radio", "paused"]])

    def test_list_json(self):
        status, output, _ = vm(self.system.note, "list", "--json")
        self.assertEqual(status, 0)
        self.assertEqual(json.loads(output)["vms"][1], {"name": "radio", "state": "paused"})

    def test_actions(self):
        for action, word in (("start", "started"), ("stop", "stopped"), ("pause", "paused"), ("resume", "resumed"),
                             ("restart", "restarted")):
            status, _, errors = vm(self.system.note, action, "phone0")
            self.assertEqual(status, 0, errors)
            self.assertIn(f"phone0 {word}", errors)
            self.assertEqual([self.system.requests[-1][key] for key in ("verb", "vm")], [action, "phone0"])

    def test_refusal(self):
        status, _, errors = vm(self.system.note, "pause", "phone7")
        self.assertEqual(status, 1)
        self.assertIn("no VM called phone7", errors)
        self.assertIn("pecan vm list", errors)

    def test_name_missing(self):
        status, _, errors = vm(self.system.note, "stop")
        self.assertEqual(status, 2)
        self.assertIn("which VM?", errors)

    def test_top_once(self):
        status, output, errors = vm(self.system.note, "top")
        self.assertEqual(status, 0, errors)
        rows = {line.split()[0]: line.split() for line in output.splitlines() if line}
        head, phone = rows["VM"], rows["phone0"]
        values = dict(zip(head, phone))
        self.assertEqual([values[key] for key in ("state", "prio", "CPU%", "VMM%", "RAM/MiB", "own/KiB", "irq/s", "mmio",
                                                  "exits/s")],
                         ["running", "100", "50.0", "10.0", "128", "300", "250", "1000", "1010"])
        self.assertEqual(rows["init"], ["init", "2.0", "96"])
        self.assertEqual(rows["phone0.disk0"][1:4], ["40", "80", "30"])
        self.assertEqual(rows["phone0.port0"][-3:], ["3", "0", "0"])
        self.assertIn("512 of 1024 MiB free", output)

    def test_top_on_a_terminal(self):
        """It is drawn anew each second, with shares of that second, and q leaves."""
        main, terminal = pty.openpty()
        process = subprocess.Popen([sys.executable, "-B", str(PECAN), "vm", "top", "--system", str(self.system.note)],
                                   stdin=terminal, stdout=terminal, stderr=terminal)
        os.close(terminal)
        output, limit = b"", time.monotonic() + 100
        while output.count(b"q leaves") < 2 and time.monotonic() < limit:
            output += os.read(main, 65536)
        os.write(main, b"q")
        self.assertEqual(process.wait(100), 0)
        os.close(main)
        self.assertIn(b"up 2.0 s, over 1.0 s", output)

    def test_events_and_noise_are_skipped(self):
        def noisy(request):
            return (b'{"event":"off","vm":"radio","reason":"power"}\nnot json\n[1]\n{"id":1,"ok":true}\n'
                    + json.dumps({"id": request["id"], "ok": True, "vms": []}).encode() + b"\n")
        self.answers(list=noisy)
        with control.Control(self.system.folder / "control") as client:
            self.assertEqual(client.call("list")["vms"], [])
            self.assertEqual(client.events[0]["event"], "off")

    def test_spoiled_line_is_sent_again(self):
        """What somebody else left unfinished makes our first line malformed."""
        first = [True]

        def spoiled(request):
            if first.pop() if first else False:
                return b'{"ok":false,"error":"not a request"}\n'
            return {"vms": []}
        self.answers(list=spoiled)
        status, _, errors = vm(self.system.note, "list")
        self.assertEqual(status, 0, errors)
        self.assertEqual(len(self.system.requests), 2)

    def test_line_too_long(self):
        """The system would answer it without an id."""
        self.answers(stop=b'{"ok":false,"error":"the line is too long"}\n')
        with control.Control(self.system.folder / "control", timeout=5) as client:
            with self.assertRaisesRegex(PecanError, "no VM has a name that long"):
                client.call("stop", "x" * 500)

    def test_closed_input(self):
        command = [sys.executable, "-B", str(PECAN), "vm", "console", "phone0", "--linger", "0.1", "--system", str(self.system.note)]
        done = subprocess.run(["sh", "-c", 'exec "$@" <&-', "sh", *command], capture_output=True, timeout=60)
        self.assertEqual((done.returncode, done.stdout), (0, b"phone0# "), done.stderr)

    def test_silence(self):
        self.answers(list=b"")
        with control.Control(self.system.folder / "control", timeout=0.3) as client:
            with self.assertRaisesRegex(PecanError, "no answer to 'list'"):
                client.call("list")

    def test_endless_line(self):
        self.answers(list=b"x" * (control.LINE_MAX + 2))
        with control.Control(self.system.folder / "control") as client:
            with self.assertRaisesRegex(PecanError, "without an end"):
                client.call("list")

    def test_console_pipe(self):
        self.system.farewell = b"EXIT\n"
        status, output, errors = vm(self.system.note, "console", "phone0", "--linger", "50",
                                    stdin=b"uname -a\n" * 40 + b"exit\n")
        self.assertEqual(status, 0, errors)
        self.assertEqual(output, "phone0# " + "UNAME -A\n" * 40 + "EXIT\n")

    def test_console_pipe_lingers(self):
        status, _, errors = vm(self.system.note, "console", "phone0", "--linger", "0.3", stdin=b"uname -a\n")
        self.assertEqual(status, 0, errors)
        self.assertNotIn("the system has ended", errors)

    def test_console_unknown(self):
        status, _, errors = vm(self.system.note, "console", "phone1")
        self.assertEqual(status, 1)
        self.assertIn("Consoles: phone0", errors)

    def test_console_terminal(self):
        """Ctrl-C goes to the guest; Ctrl-] leaves."""
        main, terminal = pty.openpty()
        process = subprocess.Popen([sys.executable, "-B", str(PECAN), "vm", "console", "--system", str(self.system.note)],
                                   stdin=terminal, stdout=terminal, stderr=terminal)
        os.close(terminal)
        output, limit = b"", time.monotonic() + 100
        while b"phone0# " not in output and time.monotonic() < limit:
            output += os.read(main, 65536)
        os.write(main, b"a\x03b")
        while b"A\x03B" not in output and time.monotonic() < limit:
            output += os.read(main, 65536)
        os.write(main, b"\x1d")
        self.assertEqual(process.wait(100), 0)
        os.close(main)
        self.assertIn(b"A\x03B", output)

    def test_no_management_port(self):
        note = json.loads(self.system.note.read_text())
        self.system.note.write_text(json.dumps({**note, "control": None, "consoles": {}}))
        for action in ("list", "console"):
            status, _, errors = vm(self.system.note, action)
            self.assertEqual(status, 1)
            self.assertIn("&console0", errors)

    def test_stale_note(self):
        note = json.loads(self.system.note.read_text())
        for pid in (os.getpid(), 1 << 30, -1):  # lives but is no QEMU; nobody
            self.system.note.write_text(json.dumps({**note, "pid": pid}))
            self.assertIsNone(running.read(self.system.note))
            self.assertFalse(self.system.note.exists())


class TopTest(unittest.TestCase):
    def test_amounts(self):
        for number, text in ((0, "0"), (7, "7"), (0.25, "0.2"), (9999, "9999"), (12345, "12k"), (5e6, "5000k"),
                             (5.2e7, "52M"), (3e15, "3000T")):
            self.assertEqual(top.amount(number), text)

    def test_counter_that_began_anew(self):
        self.assertEqual(top.delta({"n": 5}, {"n": 100}, "n"), 5)
        self.assertEqual(top.delta({"n": 105}, {"n": 100}, "n"), 5)

    def test_small_terminal(self):
        lines = top.screen(fake.top_reply(1, 1), {}, "x" * 300)
        for columns, rows in ((80, 24), (20, 5), (1, 1)):
            shown = top.fitted(lines, os.terminal_size((columns, rows)))
            self.assertEqual(len(shown), min(len(lines), max(1, rows - 3)))
            self.assertEqual(shown[0], "x" * columns)

    def test_reply_without_anything(self):
        self.assertTrue(top.screen({}, {}, "empty"))


if __name__ == "__main__":
    unittest.main(verbosity=1)
