/*
 * A message channel between two guests, as the servers have it: l4/guest/channel.h defines the
 * memory. ipc-net owns it and carries the doorbells; the reply to L4_SESSION_OPEN says in w3 which
 * end the client is.
 *
 * An end whose session begins while the other's lasts finds rings that are in use: ipc-net has
 * emptied them, and the end takes its own indices (head of ring[n], tail of ring[1 - n]) from the
 * page. When end n's session begins or ends, ipc-net closes it: last[n] = open[n], open[n] = 0.
 *
 * ipc-net passes a doorbell on when the end that rings has changed a word of its own since: its
 * open[], its head or its tail.
 */
#ifndef L4_PROTO_CHANNEL_H
#define L4_PROTO_CHANNEL_H

#include <l4/guest/channel.h>

#endif
