/* The guest's disks: a virtio-blk device for each, over a session with devmgr. */
#ifndef VMM_GUEST_DISK_H
#define VMM_GUEST_DISK_H

#include <l4/base/ring.h>
#include <vmm/virtio_blk.h>

#include "guest_session.h"

#define GUEST_DISKS VIRTIO_SLOTS

struct guest_disk {
    struct virtio_blk blk;
    struct guest_session session;
    bool dead; /* the session is over, and not because devmgr is: what is in flight never ends */
    struct l4_disk_page *page;
    struct l4_ring submit;
    struct l4_ring complete;
};

#endif
