/* Message contents beyond the register words. See l4/abi/msg.h. */
#ifndef KERNEL_TRANSFER_H
#define KERNEL_TRANSFER_H

#include <kernel/thread.h>

/* Copies words and gives items of `tag` from one buffer to the other. TRANSFER: one could not be
 * given; none was, and the message does not arrive. */
l4_status_t transfer_extra(struct thread *from, struct thread *to, uint32_t tag,
                           bool grant) L4_MUST_CHECK;

#endif
