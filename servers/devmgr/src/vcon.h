/* vcon.c and vcon_control.c between themselves. */
#ifndef DEVMGR_VCON_PRIVATE_H
#define DEVMGR_VCON_PRIVATE_H

#include <devmgr/vcon.h>

/* The receive queue of a port; its transmit queue is the next (5.3.2). */
static inline uint32_t vcon_queue(uint32_t port)
{
    return port == 0 ? 0 : 2 * port + 2;
}

/* The port becomes the line's: it is opened, and buffers wait for what it sends. */
void vcon_bind(struct vcon *vcon, uint32_t port, uint32_t line);

/* Takes what the device says of its ports, and answers. */
void vcon_run_control(struct vcon *vcon);

#endif
