"""Ethernet switches with their ports, and channels."""

from . import model
from .common import Problem, expect_cells, limits, number, plural, properties, readable

SWITCH = {"compatible": "strings", "#address-cells": "cells/1", "#size-cells": "cells/1", "phandle": "cells/1"}
PORT = {"reg": "cells/1", "mac-address": "mac", "ethernet": "cells/1", "pecan,peers": "cells",
        "pecan,rate-kbps": "cells/1", "pecan,broadcast-pps": "cells/1", "pecan,any-mac": "flag", "phandle": "cells/1"}
CHANNEL = {"compatible": "strings", "pecan,port": "cells/1", "pecan,size": "cells/1", "phandle": "cells/1"}
CHANNEL_PORT = (1, 65535)
CHANNEL_SIZES = (4096, 8192, 16384)


def mac_text(value):
    return ":".join(f"{byte:02x}" for byte in value)


def _mac(node, seen):
    """A port's hardware address. seen: {address: path} of the ports before it."""
    if "mac-address" not in node.properties:
        if "ethernet" not in node.properties:
            yield Problem(node.path, "mac-address", "missing", "give [02 xx xx xx xx xx], unlike any other port's")
        return
    value = node.properties["mac-address"]
    if not readable(node, "mac-address", PORT):
        return
    if value[0] & 1 or not any(value):
        yield Problem(node.path, "mac-address", f"{mac_text(value)} is no address of one station",
                      "give an even first byte, 02 for an address of one's own")
    elif value in seen:
        yield Problem(node.path, "mac-address", f"{mac_text(value)} is that of {seen[value]} too",
                      "give each port its own")
    seen.setdefault(value, node.path)


def _uplink(system, node, seen):
    """A port's real network device. seen: {path of the device: path of the port}."""
    if not readable(node, "ethernet", PORT):
        return
    device = system.handles.get(node.cells("ethernet")[0])
    if device is None or system.kind(device) != "network device":
        yield Problem(node.path, "ethernet", f"{device.path if device else 'nothing'} is no network device",
                      "name a network device of the board: <&net0>")
        return
    if not device.enabled():
        yield Problem(node.path, "ethernet", f"{device.path} is disabled", model.switch_on(device))
    owner = system.owner(device)
    if owner:
        yield Problem(node.path, "ethernet", f"{device.path} is dedicated to {owner.path}",
                      "remove that entry of access, or the uplink")
    if device.path in seen:
        yield Problem(node.path, "ethernet", f"{device.path} is the uplink {seen[device.path]} already",
                      "a network device has one switch: remove one")
    seen[device.path] = node.path
    for user in system.users(node):
        yield Problem(user.path, "access", f"{node.path} is an uplink", "give a port without ethernet")


def _peers(system, node, switch):
    if not readable(node, "pecan,peers", PORT):
        return
    for handle in node.cells("pecan,peers"):
        peer = system.handles.get(handle)
        if peer is None or peer not in switch.children:
            yield Problem(node.path, "pecan,peers", f"unknown peer {peer.path if peer else hex(handle)}",
                          f"name ports of {switch.path}")
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
        own = node.cells("reg")
        if not own:
            yield Problem(node.path, "reg", "missing", "give the port's number")
        elif own[0] in numbers:
            yield Problem(node.path, "reg", f"{own[0]} is the number of {numbers[own[0]]} too", "number ports apart")
        else:
            numbers[own[0]] = node.path
        yield from _mac(node, macs)
        yield from _uplink(system, node, uplinks)
        yield from _peers(system, node, switch)


def _channel(system, node):
    yield from properties(node, CHANNEL)
    if "pecan,port" not in node.properties:
        yield Problem(node.path, "pecan,port", "missing", f"give {CHANNEL_PORT[0]} to {CHANNEL_PORT[1]}")
    yield from number(node, "pecan,port", *CHANNEL_PORT)
    size = node.cells("pecan,size")
    if size and len(size) == 1 and size[0] not in CHANNEL_SIZES:
        yield Problem(node.path, "pecan,size", f"{size[0]} is no size of a ring",
                      f"give one of {', '.join(map(str, CHANNEL_SIZES))}")
    for child in node.children:
        yield Problem(node.path, "", f"unknown node '{child.name}'", "a channel has no children: remove it")
    users = system.users(node)
    if len(users) != 2:
        names = f" ({', '.join(user.name for user in users)})" if users else ""
        yield Problem(node.path, "", f"{plural(len(users), 'domain lists', 'domains list')} it{names}",
                      "a channel has two ends: list it in the access of exactly two domains")


def _channel_ports(system):
    """Within one guest a channel is known by its port."""
    for domain in system.domains:
        seen = {}
        for grant in system.grants:
            if grant.domain is domain and grant.node in system.channels:
                port = (grant.node.cells("pecan,port") or [None])[0]
                if port is not None and seen.get(port, grant.node) is not grant.node:
                    yield Problem(domain.path, "access", f"{grant.place} has the port {port} of {seen[port].path}",
                                  "give the channels of one domain different ports")
                seen.setdefault(port, grant.node)


def problems(system):
    macs, uplinks = {}, {}
    for switch in system.switches:
        yield from _switch(system, switch, macs, uplinks)
    for channel in system.channels:
        yield from _channel(system, channel)
    yield from _channel_ports(system)
    if len(uplinks) > limits()["L4_START_NICS"]:
        yield Problem("/", "ethernet", f"more than {limits()['L4_START_NICS']} uplinks", "remove some")
