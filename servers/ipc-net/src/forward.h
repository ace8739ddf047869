/*
 * One frame's way through a switch.
 */
#ifndef IPC_NET_FORWARD_H
#define IPC_NET_FORWARD_H

#include <ipc_net/vswitch.h>

/* Judges and delivers the frame in a slot of port i. False: it has to wait; vswitch.again has been
 * brought forward to when it is to be tried again. */
bool forward(struct vswitch *vswitch, uint32_t i, const struct l4_net_slot *slot);

#endif
