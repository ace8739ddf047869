"""A guest answers the outside world through its switch's uplink, and the outside cannot pose as a guest."""

import pathlib
import socket
import struct
import time

import harness

CONFIG = pathlib.Path(__file__).with_name("uplink.dts")
GUEST_MAC = bytes.fromhex("020000000001")
OUR_MAC = bytes.fromhex("02aabbccdd01")
OTHER_MAC = bytes.fromhex("02aabbccdd02")
BROADCAST = b"\xff" * 6
GUEST_IP, OUR_IP, OTHER_IP = bytes([10, 0, 0, 1]), bytes([10, 0, 0, 9]), bytes([10, 0, 0, 7])


def checksum(data):
    total = sum(struct.unpack(f">{len(data) // 2}H", data))
    total = (total & 0xffff) + (total >> 16)
    return ~((total & 0xffff) + (total >> 16)) & 0xffff


def arp_request(mac, address):
    """Who has the guest's address? Asked by `mac`, who says that `address` is his."""
    body = struct.pack(">HHBBH", 1, 0x0800, 6, 4, 1) + mac + address + bytes(6) + GUEST_IP
    return BROADCAST + mac + b"\x08\x06" + body.ljust(46, b"\0")


def echo_request(number, payload, to=GUEST_MAC, mac=OUR_MAC):
    head = struct.pack(">BBHHH", 8, 0, 0, 7, number)
    icmp = head[:2] + struct.pack(">H", checksum(head + payload)) + head[4:] + payload
    head = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(icmp), number, 0, 64, 1, 0) + OUR_IP + GUEST_IP
    return (to + mac + b"\x08\x00" + head[:10] + struct.pack(">H", checksum(head)) + head[12:] + icmp)


class Wire:
    """The other end of QEMU's socket network: a datagram is a frame."""

    def __init__(self):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        free = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        free.bind(("127.0.0.1", 0))
        self.qemu = free.getsockname()
        free.close()

    def netdev(self):
        ours = self.socket.getsockname()
        return f"socket,udp={ours[0]}:{ours[1]},localaddr={self.qemu[0]}:{self.qemu[1]}"

    def ask(self, frame, wanted, seconds=harness.ANSWER_S):
        """Sends a frame, again every second, until one comes that `wanted` takes; None: none did."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.socket.sendto(frame, self.qemu)
            self.socket.settimeout(1)
            try:
                for _ in range(64):
                    answer = self.socket.recv(4096)
                    if wanted(answer):
                        return answer
            except TimeoutError:
                pass
        return None


def arp_reply_to(mac):
    return lambda frame: (frame[:6] == mac and frame[6:12] == GUEST_MAC and frame[12:14] == b"\x08\x06"
                          and frame[20:22] == b"\0\2" and frame[28:32] == GUEST_IP)


def echo_reply(number, payload):
    return lambda frame: (frame[:12] == OUR_MAC + GUEST_MAC and frame[12:14] == b"\x08\x00" and frame[34] == 0
                          and frame[40:42] == struct.pack(">H", number) and frame[42:42 + len(payload)] == payload)


def test(bench):
    wire = Wire()
    with bench.boot(CONFIG, nets={"net0": wire.netdev()}) as machine:
        machine.expect(r"GUEST READY phone0\b", harness.BOOT_S)
        if wire.ask(arp_request(OUR_MAC, OUR_IP), arp_reply_to(OUR_MAC)) is None:
            machine.fail("the guest does not answer through the uplink")
        for number, size in enumerate((18, 64, 1000, 1472), 1):
            payload = bytes((number + i) & 0xff for i in range(size))
            if wire.ask(echo_request(number, payload), echo_reply(number, payload)) is None:
                machine.fail(f"no echo of {size} bytes")
        # Under the guest's own address, or with a frame that is none: dropped, and the rest goes on.
        if wire.ask(echo_request(8, b"ours", BROADCAST), echo_reply(8, b"ours")) is None:
            machine.fail("no echo of a broadcast")
        if wire.ask(echo_request(9, b"spoofed!", BROADCAST, GUEST_MAC), echo_reply(9, b"spoofed!"), 3) is not None:
            machine.fail("a frame under a guest's own address came in")
        for size in (1, 13, 1600, 4000):
            wire.socket.sendto(arp_request(OUR_MAC, OUR_IP).ljust(size, b"\0")[:size], wire.qemu)
        for _ in range(2000):  # a flood
            wire.socket.sendto(arp_request(OUR_MAC, OUR_IP), wire.qemu)
        if wire.ask(arp_request(OTHER_MAC, OTHER_IP), arp_reply_to(OTHER_MAC)) is None:
            machine.fail("the guest does not answer any more")


if __name__ == "__main__":
    harness.main("uplink", test)
