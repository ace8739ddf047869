/* Platform contract: the kernel's own output (panic and L4_SYSTEM_WRITE). Polled, never blocks for
 * longer than the FIFO drains. */
#ifndef PLAT_UART_H
#define PLAT_UART_H

#include <kernel/types.h>

void plat_uart_init(uint32_t base);
void plat_uart_put(char c);

#endif
