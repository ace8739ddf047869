/*
 * The shared words of a ring (l4/guest/ring.h), for servers. libs/base/ring.h has the two sides.
 */
#ifndef L4_PROTO_RING_H
#define L4_PROTO_RING_H

#include <l4/guest/ring.h>

#endif
