/* Message contents beyond the register words. See l4/abi/msg.h. */
#ifndef KERNEL_TRANSFER_H
#define KERNEL_TRANSFER_H

#include <kernel/thread.h>

/* Copies words and gives items of `tag` from one buffer to the other. OK; TRANSFER: one could not
 * be given, and none is; KERNEL_PREEMPTED: nothing has changed, the system call is to be restarted.
 */
int transfer_extra(struct thread *from, struct thread *to, uint32_t tag, bool grant) L4_MUST_CHECK;

#endif
