"""The demo by script: two phones, a radio and a key vault on one board, each doing what it is there for."""

import hashlib
import re

import harness
import p256
from harness import ANSWER_S, BOOT_S, DATA_S
from guest_shell import Shell

PHONES = ("phone0", "phone1")
ADDRESS = {"phone0": "10.0.0.1", "phone1": "10.0.0.2"}
REPORT = r"RADIO deadlines met: (\d+), missed: (\d+), worst latency: (\d+) us"


def wait_ready(machine, names):
    """Waits until each of the guests has said that it is ready."""
    waiting = set(names)
    while waiting:
        found = machine.expect(rf"GUEST READY ({'|'.join(sorted(waiting))})\b", BOOT_S)
        waiting.remove(found.group(1))


def check_android_likeness(shell):
    shell.run("[ -c /dev/binder ] && [ -c /dev/hwrng ] && [ -c /dev/vsock ] && [ -b /dev/vda ]")


def check_ping(shells):
    output = shells["phone0"].run(f"ping -q -i 0.02 -W 60 -c 200 {ADDRESS['phone1']}", DATA_S)
    assert "200 packets transmitted, 200 packets received, 0% packet loss" in output, output
    shells["phone1"].run(f"ping -q -c 3 {ADDRESS['phone0']}")


def digest_of(output):
    found = re.search(r"^([0-9a-f]{64})\b", output, re.M)
    assert found, f"no sha-256 in: {output}"
    return found.group(1)


def check_transfer(shells):
    """16 MiB by TCP, from phone0 to phone1."""
    shells["phone1"].start("nc -l -p 5000 | sha256sum")
    # The listener is there before the other begins: a connection refused is tried again.
    sent = digest_of(shells["phone0"].run(
        "dd if=/data/blob bs=1M count=16 2>/dev/null >/tmp/part; "
        f"for n in $(seq 60); do nc {ADDRESS['phone1']} 5000 </tmp/part && break; sleep 1; done; "
        "sha256sum /tmp/part; rm /tmp/part", DATA_S))
    received = digest_of(shells["phone1"].finish(DATA_S))
    assert sent == received, f"sent {sent}, received {received}"


def write_disks(shells):
    """32 MiB on each disk; returns their hashes."""
    for shell in shells.values():
        shell.start("dd if=/dev/urandom of=/data/blob bs=1M count=32 2>/dev/null && sync && sha256sum /data/blob")
    return {name: digest_of(shell.finish(DATA_S)) for name, shell in shells.items()}


def check_disks_after_reboot(machine, shells, written):
    for shell in shells.values():
        shell.start("reboot")
    wait_ready(machine, PHONES)
    for shell in shells.values():
        shell.wait(BOOT_S)
        shell.start("sha256sum /data/blob")
    read = {name: digest_of(shell.finish(DATA_S)) for name, shell in shells.items()}
    assert read == written, f"written {written}, read {read}"
    assert len(set(read.values())) == len(PHONES), "both phones have the same disk"


def check_radio(shells):
    for shell in shells.values():
        answer = shell.run("modem AT ATI AT+CSQ AT+CREG? AT+NONSENSE AT+LATENCY?")
        assert re.search(r"^OK\nPecan radio\nOK\n\+CSQ: (?:\d|[12]\d|3[01]),99\nOK\n\+CREG: 0,1\nOK\n"
                         r"ERROR\n\+LATENCY: \d+,\d+,\d+\nOK\n", answer, re.M), answer
    # One radio: while one phone is in a call, which ends with its connection, the other is not.
    answer = shells["phone0"].run("modem 'ATD+4930123456;' AT+CLCC ATH AT+CLCC")
    assert answer.endswith('OK\n+CLCC: 1,0,0,0,0,"+4930123456",129\nOK\nOK\nOK\n'), answer


def check_vault(shells):
    text = b"a message from phone0\n"
    digest = shells["phone0"].run("echo 'a message from phone0' | sha256sum").split()[0]
    assert digest == hashlib.sha256(text).hexdigest(), digest
    public = shells["phone0"].run("vault PUBKEY").split()
    signature = shells["phone0"].run(f"vault SIGN {digest}").split()
    assert public[0] == signature[0] == "OK", (public, signature)
    key, der = p256.point(bytes.fromhex(public[1])), bytes.fromhex(signature[1])
    assert p256.verifies(key, bytes.fromhex(digest), der), "the signature does not verify"
    assert not p256.verifies(key, hashlib.sha256(b"another").digest(), der)
    for request in ("PUBKEY", f"SIGN {digest}"):
        assert shells["phone1"].run(f"vault {request}") == "ERR refused\n"
    assert shells["phone0"].run("vault SIGN 12") == "ERR a digest has 64 hexadecimal digits\n"


def check_isolation(shell):
    """A phone does not see the other's disk, nor the board's devices."""
    size = shell.run("cat /sys/block/vda/size").strip()
    assert size == str(0x4000000 // 512), size
    assert shell.run("ls /sys/block | grep -c vd").strip() == "1"


def test(bench):
    with bench.boot("phones") as machine:
        wait_ready(machine, (*PHONES, "radio", "keyvault"))
        with Shell(machine, "phone0.hvc0") as zero, Shell(machine, "phone1.hvc0") as one:
            shells = {"phone0": zero, "phone1": one}
            for shell in shells.values():
                shell.wait(BOOT_S)
                check_android_likeness(shell)
                check_isolation(shell)
            check_radio(shells)
            check_vault(shells)
            check_ping(shells)
            written = write_disks(shells)
            check_transfer(shells)
            check_disks_after_reboot(machine, shells, written)
            check_radio(shells)
        # How many are missed is the host's doing here: a loaded host stops all guests alike. radio.py counts exactly.
        found = machine.expect(REPORT, ANSWER_S)
        assert int(found.group(1)) > 1000, found.group(0)


if __name__ == "__main__":
    harness.main("phones", test)
