/* Kernel start: from boot information to the first instruction of init. */
#ifndef KERNEL_BOOT_H
#define KERNEL_BOOT_H

#include <kernel/thread.h>
#include <l4/abi/bootinfo.h>

/* The kernel's own copy. */
extern struct l4_bootinfo boot_info;

/* Called once by the arch with `boot_info` filled in, the HYP MMU on and the interrupt controller
 * up. Makes init's address space and thread; returns init's thread. */
struct thread *boot_start(void);

#endif
