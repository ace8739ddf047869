/*
 * The loader's own interfaces. It runs once, single-threaded, and every failure ends the machine:
 * nothing here returns an error that the caller could carry on from, unless it says so.
 */
#ifndef BOOT_H
#define BOOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <l4/abi/bootinfo.h>
#include <l4/format/elf.h>
#include <l4/format/fit.h>

#include "memory.h"

/* --- console.c: messages on the UART that the device tree names, and the end --------------------
 */

/* Output goes to the PL011 at `base`; before, to the emulator when there is one. */
void console_set_uart(uint32_t base);
void console_print(const char *text);
void console_print_hex(uint64_t value);
void console_print_size(uint64_t bytes);

/* True when a debugger or emulator answers semihosting calls. */
bool semihosting_present(void);

/* "[boot] ERROR: what, where; remedy", then the machine ends with a failure status. */
_Noreturn void boot_fail(const char *what, const char *where, const char *remedy);

/* The same for a reader's refusal of `subject`, an image or file. */
_Noreturn void boot_fail_format(const char *subject, const struct format_error *error);

/* --- board.c: the device tree's facts ----------------------------------------------------------
 */

/* Finds the UART for messages; does nothing when there is none. */
void board_find_console(const void *dtb);

/* Fills the board's part of *info: CPUs, GIC, timer, UART, PSCI. */
void board_describe(const void *dtb, struct l4_bootinfo *info);

/* All RAM below 4 GiB to *memory. */
void board_memory(const void *dtb, struct memory *memory);

/* Takes away what the device tree reserves. */
void board_reserve(const void *dtb, struct memory *memory);

/* The package's place from /chosen. */
void board_package(const void *dtb, uint64_t *base, uint64_t *size);

/* --- load.c: ELF files to memory ---------------------------------------------------------------
 */

/* The kernel goes where it is linked; returns its entry point. *bytes: memory it takes. */
uint32_t load_kernel(const struct fit *fit, struct memory *memory, uint64_t *bytes);

/* init goes to free pages, listed in *info. */
void load_init(const struct fit *fit, struct memory *memory, struct l4_bootinfo *info);

/* --- start.S ------------------------------------------------------------------------------------
 */

void start_map_ram(uint32_t gib);
_Noreturn void start_kernel(uint32_t entry, const struct l4_bootinfo *info);
uint32_t start_semihosting(uint32_t operation, uint32_t argument);
uint32_t start_smc(uint32_t function);
uint32_t start_hvc(uint32_t function);

_Noreturn void boot_main(void *dtb, uint32_t mode);
_Noreturn void boot_exception(uint32_t syndrome, uint32_t pc, uint32_t address);

#endif
