"""Ethernet switches with their ports, and channels."""

from ..dts import Node
from . import model
from .common import Problem, expect_cells, limits, number, plural, properties, readable

SWITCH = {"compatible": "strings", "status": "string", "#address-cells": "cells/1", "#size-cells": "cells/1",
          "phandle": "cells/1"}
PORT = {"reg": "cells/1", "label": "string", "mac-address": "mac", "ethernet": "cells/1", "pecan,peers": "cells",
        "pecan,rate-kbps": "cells/1", "pecan,broadcast-pps": "cells/1", "pecan,any-mac": "flag",
        "phandle": "cells/1"}
CHANNEL = {"compatible": "strings", "status": "string", "label": "string", "pecan,port": "cells/1",
           "pecan,size": "cells/1", "phandle": "cells/1"}
CHANNEL_PORT = (1, 65535)
CHANNEL_SIZE = (4096, 16384)


def mac_text(value):
    return ":".join(f"{byte:02x}" for byte in value)


def _mac(node, seen):
    """A port's hardware address. seen: {address: name} of the ports before it."""
    if "mac-address" not in node.properties:
        if "ethernet" not in node.properties:
            yield Problem(node.path, "mac-address", "missing", "give [02 xx xx xx xx xx], unlike any other port's")
        return
    value = node.properties["mac-address"]
    if not readable(node, "mac-address", PORT):
        return
    if value[0] & 1 or not any(value):
        yield Problem(node.path, "mac-address", f"{mac_text(value)} is not a unicast address",
                      "give one with an even first byte, not all zero")
    elif value in seen:
        yield Problem(node.path, "mac-address", f"{mac_text(value)} is the address of '{seen[value]}' too",
                      "give each port its own")
    seen.setdefault(value, node.name)


def _uplink(system, node, seen):
    """A port's real network device. seen: {path of the device: path of the port}."""
    if not readable(node, "ethernet", PORT):
        return
    device = system.handles.get(node.cells("ethernet")[0])
    if device is None:
        yield Problem(node.path, "ethernet", f"no node has the phandle {node.cells('ethernet')[0]:#x}",
                      "name a network device by its label: <&label>")
        return
    if system.kind(device) != "network device":
        yield Problem(node.path, "ethernet", f"'{device.name}' is not a network device",
                      "name one of the board's network devices")
        return
    if not device.enabled():
        yield Problem(node.path, "ethernet", f"'{device.name}' is disabled", model.switch_on(device))
    owner = system.owner(device)
    if owner:
        yield Problem(node.path, "ethernet", f"'{device.name}' is dedicated to {owner.name} already",
                      "give the domain a port of the switch")
    yield from model.unusable(device)
    if device.path in seen:
        yield Problem(node.path, "ethernet", f"'{device.name}' is the uplink of another port",
                      "one port can have it")
    seen[device.path] = node.path
    for user in system.users(node):
        yield Problem(user.path, "access", f"'{node.name}' is the switch's uplink", "give the domain another port")


def _peers(system, node, switch):
    if not readable(node, "pecan,peers", PORT):
        return
    for handle in node.cells("pecan,peers"):
        peer = system.handles.get(handle)
        if peer is None or peer not in switch.children:
            yield Problem(node.path, "pecan,peers", f"'{peer.name if peer else '?'}' is not a port of this switch",
                          "name ports of the same switch")
        elif peer is node:
            yield Problem(node.path, "pecan,peers", "a port is no peer of its own", "remove it from the list")


def _switch(system, switch, macs, uplinks):
    yield from properties(switch, SWITCH)
    yield from expect_cells(switch, "#address-cells", 1)
    yield from expect_cells(switch, "#size-cells", 0)
    if not switch.children:
        yield Problem(switch.path, "", "a switch without ports", "add port@0 { reg = <0>; ... };")
    numbers = {}
    for node in switch.children:
        if node.name.split("@")[0] != "port":
            yield Problem(switch.path, "", f"unknown node '{node.name}'", "the children of a switch are port@N")
            continue
        yield from properties(node, PORT)
        for child in node.children:
            yield Problem(node.path, "", f"unknown node '{child.name}'", "a port has no children: remove it")
        if "reg" not in node.properties:
            yield Problem(node.path, "reg", "missing", "give the port's number")
        elif readable(node, "reg", PORT):
            own = node.cells("reg")[0]
            if own in numbers:
                yield Problem(node.path, "reg", f"{own} is the number of '{numbers[own]}' too", "number ports apart")
            numbers.setdefault(own, node.name)
        for limit in ("pecan,rate-kbps", "pecan,broadcast-pps"):
            yield from number(node, limit, 1, 0xffffffff)
        yield from _mac(node, macs)
        yield from _uplink(system, node, uplinks)
        yield from _peers(system, node, switch)


def _channel(system, node):
    yield from properties(node, CHANNEL)
    if "pecan,port" not in node.properties:
        yield Problem(node.path, "pecan,port", "missing", f"give {CHANNEL_PORT[0]} to {CHANNEL_PORT[1]}")
    yield from number(node, "pecan,port", *CHANNEL_PORT)
    size = node.cells("pecan,size")
    yield from number(node, "pecan,size", *CHANNEL_SIZE)
    if size and len(size) == 1 and CHANNEL_SIZE[0] <= size[0] <= CHANNEL_SIZE[1] and size[0] & size[0] - 1:
        yield Problem(node.path, "pecan,size", f"{size[0]} is not a power of two", "give 4096, 8192 or 16384")
    for child in node.children:
        yield Problem(node.path, "", f"unknown node '{child.name}'", "a channel has no children: remove it")
    users = system.users(node)
    if len(users) != 2 and (users or node.enabled()):
        yield Problem(node.path, "", f"{plural(len(users), 'domain has', 'domains have')} it",
                      "name it in the access of exactly two domains")


def _channel_ports(system, domain):
    """Within one guest a channel is known by its port."""
    seen = {}
    for grant in system.grants:
        port = grant.node.cells("pecan,port") if grant.domain is domain and grant.node in system.channels else None
        if port and seen.setdefault(port[0], grant.node) is not grant.node:
            yield Problem(domain.path, "access", f"two of its channels have pecan,port {port[0]}",
                          "give each channel its own port")


def _channel_order(system):
    """A channel's number in a guest is its place in `access`, so no two domains may disagree about the order."""
    lists = [[grant.node for grant in system.grants if grant.domain is domain and grant.node in system.channels
              and len(system.users(grant.node)) == 2] for domain in system.domains]
    while any(lists):
        heads = [channels[0] for channels in lists if channels]
        placed = next((head for head in heads if sum(other is head for other in heads) == 2), None)
        if placed is None:
            domain = next(domain for domain, channels in zip(system.domains, lists) if channels)
            yield Problem(domain.path, "access", f"'{heads[0].name}' comes earlier in this domain and later in another",
                          "name channels in the same order in all domains")
            return
        lists = [[channel for channel in channels if channel is not placed] for channels in lists]


def problems(system):
    macs, uplinks = {}, {}
    for switch in filter(Node.enabled, system.switches):
        yield from _switch(system, switch, macs, uplinks)
    for channel in system.channels:
        yield from _channel(system, channel)
    for domain in system.domains:
        yield from _channel_ports(system, domain)
    yield from _channel_order(system)
    if len(uplinks) > limits()["L4_START_NICS"]:
        yield Problem("/", "ethernet", f"more than {limits()['L4_START_NICS']} uplinks", "remove some")
