#!/usr/bin/python3
"""The lint rules and host tools tested themselves: each rule sees a fault and leaves good input alone."""

import pathlib
import re
import sys
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))
sys.path.insert(0, str(ROOT / "test" / "harness"))

import harness  # noqa: E402
import rules_build  # noqa: E402
import rules_layering  # noqa: E402
from pecanlib import check, console, dts  # noqa: E402


def configuration(body, cells=True):
    numbers = "#address-cells = <2>; #size-cells = <2>;" if cells else ""
    return f"/dts-v1/; / {{ domains {{ {numbers} {body} }}; }};"


GOOD = ('vm0 { compatible = "openamp,domain-v1"; memory = <0 0x40000000 0 0x8000000>; '
        'pecan,kernel = "linux-armmp"; pecan,kernel-format = "zimage"; pecan,priority = <10>; };')


class ConsoleTest(unittest.TestCase):
    def find(self, text, pattern, guest_only=True):
        reader = console.Console(("phone0", "phone1"))
        for at in range(0, len(text), 7):
            reader.feed(text[at:at + 7].encode())
        return reader.search(re.compile(pattern), guest_only=guest_only)

    def test_guest_line(self):
        self.assertTrue(self.find("GUEST READY phone0\r\n", "^GUEST READY"))

    def test_background_prefix(self):
        self.assertTrue(self.find("phone1| GUEST READY phone1\n", "^GUEST READY"))

    def test_other_prefixes_are_guest_output(self):
        self.assertTrue(self.find("phone2| GUEST READY\n", r"^phone2\| GUEST READY"))
        self.assertIsNone(self.find("phone2| GUEST READY\n", "^GUEST READY"))

    def test_bare_line(self):
        reader = console.Console(("phone1",))
        self.assertEqual(reader.bare("phone1| ok 1"), "ok 1")
        self.assertEqual(reader.bare("[vmm:phone1] ok 1"), "ok 1")
        self.assertEqual(reader.bare("phone| ok 1"), "phone| ok 1")

    def test_system_lines_do_not_match(self):
        for tag in ("[kernel] ", "[init] ", "[devmgr] ", "[vmm:phone0] ", "[boot] "):
            self.assertIsNone(self.find(f"{tag}GUEST READY\n", "GUEST READY"))
            self.assertIsNone(self.find(f"{tag}GUEST READY", "GUEST READY"))
            self.assertIsNone(self.find(f"half a line{tag}GUEST READY\n", "GUEST READY"))

    def test_sequence_that_a_line_cut(self):
        self.assertTrue(self.find("# \x1b[6\x18\r\n[init] died\r\n", r"^\[init\] died", guest_only=False))
        self.assertTrue(self.find("# \x18\r\n[init] died\r\n", r"^\[init\] died", guest_only=False))
        self.assertTrue(self.find("\x1b[1;31mred\x1b[m\r\n", "^red$"))

    def test_linux_timestamps_are_guest_output(self):
        self.assertTrue(self.find("[    0.000000] Booting Linux\n", "Booting Linux"))

    def test_unfinished_prompt(self):
        self.assertTrue(self.find("=> ", "^=> $"))

    def test_multibyte_cut_by_reads(self):
        self.assertTrue(self.find("aaaaaa\u00e9\u20acb\n", "\u00e9\u20acb"))


class TapTest(unittest.TestCase):
    def problem(self, *lines):
        tap = harness.Tap()
        for line in lines:
            tap.line(line)
        return tap.problem()

    def test_good(self):
        self.assertIsNone(self.problem("1..2", "ok 1 - a", "noise", "ok 2 - b"))

    def test_bad(self):
        self.assertIn("not ok", self.problem("1..1", "not ok 1 - a"))
        self.assertIn("plan", self.problem("ok 1 - a"))
        self.assertIn("2 tests planned", self.problem("1..2", "ok 1"))
        self.assertIn("Bail", self.problem("1..2", "Bail out! x"))


class CheckTest(unittest.TestCase):
    def messages(self, source):
        import subprocess
        blob = subprocess.run(["dtc", "-q", "-I", "dts", "-O", "dtb"], input=source.encode(),
                              capture_output=True, check=True, timeout=60).stdout
        return [str(one) for one in check.problems(dts.parse(blob), "qemu-virt-a15", {"linux-armmp"})]

    def refuses(self, change, message, body=GOOD):
        found = self.messages(configuration(re.sub(*change, body) if change else body))
        self.assertTrue(any(message in one for one in found), found)

    def test_good(self):
        self.assertEqual(self.messages(configuration(GOOD)), [])

    def test_disabled(self):
        off = 'off { compatible = "openamp,domain-v1"; status = "disabled"; };'
        self.assertEqual(self.messages(configuration(GOOD + off)), [])
        self.refuses(None, "there is no domain", off)
        self.refuses(("disabled", "no"), "/domains/off: status: unknown status 'no'", GOOD + off)

    def test_bad(self):
        self.refuses(("pecan,priority", "pecan,prioriti"), "/domains/vm0: pecan,prioriti: unknown property")
        self.refuses(("<10>", "<201>"), "pecan,priority: 201 is out of range")
        self.refuses(("<10>", "<0>"), "pecan,priority: 0 is out of range")
        self.refuses(("<10>", '"x"'), "pecan,priority: must be")
        self.refuses(('"linux-armmp"', '"linux"'), "no image named 'linux'")
        self.refuses(("pecan,kernel = [^;]*;", ""), "pecan,kernel: missing")
        self.refuses(("memory = [^;]*;", ""), "memory: missing")
        self.refuses(("0x8000000>", "0x8000001>"), "not page-aligned")
        self.refuses(("0x8000000>", "0x40000000>"), "the domains ask for", GOOD + GOOD.replace("vm0", "vm1"))
        self.refuses(("0x8000000>", "0x8000000 0 0x44000000 0 0x1000>"), "memory: must be one range")
        self.refuses(("0x40000000", "0x09000000"), "device addresses")
        self.refuses(("zimage", "tar"), "unknown format 'tar'")
        self.refuses(("zimage", "raw"), "pecan,load-address: missing")
        self.refuses(("openamp,domain-v1", "x"), "not a domain")
        self.refuses(("pecan,priority = <10>", "pecan,budget-us = <10>"), "give both or neither")
        self.refuses(None, "another domain is called 'vm0'", GOOD + GOOD.replace("vm0", "vm0@1"))
        self.assertTrue(self.messages("/dts-v1/; / { };"))
        self.assertTrue(self.messages(configuration(GOOD, cells=False)))


class LintTest(unittest.TestCase):
    def uses(self, code, function="f", image="vmm"):
        return list(rules_build.vfp_uses(image, f"00001000 <{function}>:\n    1000:\t{code}\n"))

    def test_vfp(self):
        self.assertTrue(self.uses("vldr\td0, [r0]"))
        self.assertTrue(self.uses("vst1.8\t{d0-d1}, [r0]!"))
        self.assertTrue(self.uses("mrrc\t11, 1, r0, r1, cr0"))
        self.assertFalse(self.uses("ldr\tr0, [r1]"))
        self.assertTrue(self.uses("vpush\t{d8}", "arch_vfp_save"))
        self.assertFalse(self.uses("vstmia\tr0!, {d0-d15}", "arch_vfp_save", "kernel"))

    def test_include_rules(self):
        self.assertIn("vmm/", rules_layering._allowed("servers/vmm")[0])
        self.assertNotIn("kernel/", rules_layering._allowed("servers/vmm")[0])


if __name__ == "__main__":
    unittest.main(verbosity=1)
