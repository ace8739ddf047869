"""What QEMU is given for a configuration, and what it leaves behind."""

import io
import os
import pathlib
import subprocess
import tempfile
import unittest

from pecanlib import devices, running, ui
from pecanlib.ui import PecanError

BOARD = "qemu-virt-a15"
CONFIG = """#include "domain.dtsi"
#include "board.dtsi"
&disk0 { status = "okay"; pecan,size = <0x0 0x100000>; };
&disk1 { status = "okay"; pecan,size = <0x1 0x0>; };
&net0 { status = "okay"; };
&net1 { status = "okay"; };
&console0 { status = "okay"; };
&rng0 { status = "okay"; };
/ {
	domains {
		phone0 { access = <&console0 PECAN_SHARED>; };
		radio { access = <&net1 PECAN_DEDICATED>; };
	};
};
"""


class DevicesTest(unittest.TestCase):
    def setUp(self):
        self.work = tempfile.TemporaryDirectory(prefix="pecan-test,with comma-")
        self.addCleanup(self.work.cleanup)
        self.folder = pathlib.Path(self.work.name)
        self.config = self.folder / "phones.dts"
        self.config.write_text(CONFIG)

    def devices(self, **choices):
        found = devices.Devices(self.config, BOARD, self.folder / "run", **choices)
        self.addCleanup(found.close)
        return found

    def options(self, found, name):
        return [value for option, value in zip(found.arguments, found.arguments[1:]) if option == name]

    def test_devices_on_their_buses(self):
        made = [value.split(",")[:2] for value in self.options(self.devices(), "-device")
                if not value.startswith("virtserialport")]
        self.assertEqual(made, [["virtio-blk-device", "bus=virtio-mmio-bus.0"], ["virtio-net-device", "bus=virtio-mmio-bus.1"],
                                ["virtio-serial-device", "bus=virtio-mmio-bus.2"], ["virtio-rng-device", "bus=virtio-mmio-bus.3"],
                                ["virtio-blk-device", "bus=virtio-mmio-bus.16"], ["virtio-net-device", "bus=virtio-mmio-bus.24"]])

    def test_nothing_switched_on(self):
        self.config.write_text('#include "domain.dtsi"\n#include "board.dtsi"\n')
        self.assertEqual(self.devices().arguments, [])
        self.assertEqual(devices.Devices(None, BOARD, self.folder).arguments, [])

    def test_networks_stay_inside(self):
        self.assertEqual(self.options(self.devices(), "-netdev"), ["user,restrict=on,id=net0", "user,restrict=on,id=net1"])
        chosen = self.devices(nets={"net1": "socket,listen=127.0.0.1:5000"})
        self.assertIn("socket,listen=127.0.0.1:5000,id=net1", self.options(chosen, "-netdev"))

    def test_disks_are_sparse_and_kept(self):
        found = self.devices()
        image = self.folder / "run" / "phones.disk1.img"
        self.assertEqual(image.stat().st_size, 1 << 32)
        self.assertLess(image.stat().st_blocks, 16)
        self.assertIn(f"file={str(image).replace(',', ',,')},if=none,id=disk1", self.options(found, "-drive")[1])
        with open(self.folder / "run" / "phones.disk0.img", "r+b") as disk:
            disk.write(b"kept")
        self.devices()
        self.assertEqual((self.folder / "run" / "phones.disk0.img").read_bytes()[:4], b"kept")

    def test_a_disk_that_grew(self):
        self.devices()
        self.config.write_text(CONFIG.replace("0x100000", "0x200000"))
        self.devices()
        self.assertEqual((self.folder / "run" / "phones.disk0.img").stat().st_size, 0x200000)

    def test_a_disk_larger_than_any_file(self):
        self.config.write_text(CONFIG.replace("<0x1 0x0>", "<0xffffffff 0xfffffe00>"))
        with self.assertRaisesRegex(PecanError, "no file can be the disk image"):
            self.devices()

    def test_included_source(self):
        """What lies beside the configuration is found from anywhere."""
        (self.folder / "more.dtsi").write_text("/ { domains { vault { }; }; };\n")
        self.config.write_text(CONFIG + '/include/ "more.dtsi"\n')
        self.assertEqual(self.devices().guests, ["phone0", "radio", "vault"])

    def test_deep_tree(self):
        self.config.write_text("/dts-v1/; / { " + "n { " * 2000 + "}; " * 2000 + "};\n")
        with self.assertRaisesRegex(PecanError, "more than 32 deep"):
            self.devices()

    def test_own_disk(self):
        own = self.folder / "own.img"
        with self.assertRaisesRegex(PecanError, "no disk image"):
            self.devices(disks={"disk0": own})
        own.write_bytes(b"x" * 512)
        with self.assertRaisesRegex(PecanError, "has 512 bytes; the configuration says 1048576"):
            self.devices(disks={"disk0": own})
        self.assertEqual(own.stat().st_size, 512)
        with self.assertRaisesRegex(PecanError, "no such device") as caught:
            self.devices(disks={"disk7": own})
        self.assertIn("disk0, disk1", caught.exception.remedy)

    def test_console_ports(self):
        found = self.devices()
        names = [value.rpartition("name=")[2] for value in self.options(found, "-device") if "virtserialport" in value]
        self.assertEqual(names, ["org.pecan.control", "org.pecan.console.phone0", "org.pecan.console.phone0.hvc0",
                                 "org.pecan.console.radio"])
        self.assertEqual(list(found.consoles), ["phone0", "phone0.hvc0", "radio"])
        self.assertIn("max_ports=5", " ".join(found.arguments))
        self.assertLess(max(len(str(path)) for path in found.consoles.values()), 108)

    def test_note_lives_as_long_as_the_system(self):
        found = self.devices()
        qemu = subprocess.Popen(["qemu-of-a-test", "60"], executable="/bin/sleep")
        try:
            found.started(qemu.pid)
            note = running.alive(self.folder / "run", "phones")
            self.assertEqual(note["control"], str(found.control))
            with self.assertRaisesRegex(PecanError, "phones is running already"):
                self.devices()
        finally:
            qemu.kill()
            qemu.wait(10)
        sockets = found.control.parent
        self.assertTrue(sockets.is_dir())
        self.assertIsNone(running.alive(self.folder / "run", "phones"))
        found.close()
        self.assertFalse(sockets.exists())

    def test_pairs(self):
        self.assertEqual(devices.pairs(["a=b=c", "d=e"], "net"), {"a": "b=c", "d": "e"})
        for bad in ("a", "=b", "a="):
            with self.assertRaises(PecanError):
                devices.pairs([bad], "net")

    def test_long_runtime_folder(self):
        saved = os.environ.get("XDG_RUNTIME_DIR")
        os.environ["XDG_RUNTIME_DIR"] = str(self.folder / ("x" * 80))
        try:
            os.mkdir(os.environ["XDG_RUNTIME_DIR"])
            self.assertTrue(str(self.devices().control).startswith("/tmp/pecan-"))
        finally:
            if saved is None:
                del os.environ["XDG_RUNTIME_DIR"]
            else:
                os.environ["XDG_RUNTIME_DIR"] = saved


class Terminal(io.StringIO):
    def isatty(self):
        return True


class ProgressTest(unittest.TestCase):
    def progress(self, stream, silent_for):
        progress = ui.Progress("building", stream)
        progress.since -= silent_for
        progress.show("step 1 of 2")
        return progress

    def test_nothing_at_first(self):
        stream = io.StringIO()
        self.progress(stream, 0)
        self.assertEqual(stream.getvalue(), "")

    def test_lines(self):
        stream = io.StringIO()
        progress = self.progress(stream, 5)
        progress.show("step 2 of 2")
        progress.quiet()
        self.assertEqual(stream.getvalue(), "pecan: building: step 1 of 2 (0 s)\n")

    def test_terminal(self):
        stream = Terminal()
        self.progress(stream, 5).quiet()
        self.assertEqual(stream.getvalue(), "\r\x1b[Kpecan: building: step 1 of 2 (0 s)\r\x1b[K")


if __name__ == "__main__":
    unittest.main(verbosity=1)
