/*
 * Messages and the machine's end. The PL011 is used as the firmware or emulator left it.
 */
#include <l4/base/text.h>

#include "boot.h"

#define PL011_DR 0x00u
#define PL011_FR 0x18u
#define PL011_CR 0x30u
#define PL011_FR_TXFF 0x20u
#define PL011_CR_ENABLE 0x301u /* UART, transmit, receive */

#define SEMIHOSTING_WRITE0 0x04u
#define SEMIHOSTING_ERRNO 0x13u
#define SEMIHOSTING_EXIT_EXTENDED 0x20u
#define APPLICATION_EXIT 0x20026u
#define PSCI_SYSTEM_OFF 0x84000008u
#define EXIT_FAILURE_STATUS 1u

extern uint32_t semihosting_absent;

static volatile uint32_t *uart;

void console_set_uart(uint32_t base)
{
    uart = (volatile uint32_t *)base;
    uart[PL011_CR / 4] = PL011_CR_ENABLE;
}

bool semihosting_present(void)
{
    static bool probed;
    if (!probed) {
        probed = true;
        (void)start_semihosting(SEMIHOSTING_ERRNO, 0);
    }
    return semihosting_absent == 0;
}

static void put(char c)
{
    while ((uart[PL011_FR / 4] & PL011_FR_TXFF) != 0) {
    }
    uart[PL011_DR / 4] = (uint8_t)c;
}

void console_print(const char *text)
{
    if (uart == NULL) {
        if (semihosting_present()) {
            (void)start_semihosting(SEMIHOSTING_WRITE0, (uint32_t)text);
        }
        return;
    }
    for (; *text != '\0'; text++) {
        if (*text == '\n') {
            put('\r');
        }
        put(*text);
    }
}

void console_print_hex(uint64_t value)
{
    char buffer[20];
    struct l4_text text;
    l4_text_init(&text, buffer, sizeof buffer);
    l4_text_hex(&text, value, 8);
    console_print(buffer);
}

void console_print_size(uint64_t bytes)
{
    char buffer[32];
    struct l4_text text;
    l4_text_init(&text, buffer, sizeof buffer);
    l4_text_size(&text, bytes);
    console_print(buffer);
}

static _Noreturn void end_machine(void)
{
    if (semihosting_present()) {
        static uint32_t block[2] = {APPLICATION_EXIT, EXIT_FAILURE_STATUS};
        (void)start_semihosting(SEMIHOSTING_EXIT_EXTENDED, (uint32_t)block);
    }
    (void)start_smc(PSCI_SYSTEM_OFF);
    (void)start_hvc(PSCI_SYSTEM_OFF); /* when we are the guest of another hypervisor */
    for (;;) {
        __asm__ volatile("wfi");
    }
}

_Noreturn void boot_fail(const char *what, const char *where, const char *remedy)
{
    console_print("[boot] ERROR: ");
    console_print(what);
    console_print(", ");
    console_print(where);
    console_print("; ");
    console_print(remedy);
    console_print("\n");
    end_machine();
}

_Noreturn void boot_fail_format(const char *subject, const struct format_error *error)
{
    console_print("[boot] ERROR: ");
    console_print(subject);
    console_print(": ");
    console_print(error->what);
    console_print(", ");
    console_print(error->where);
    console_print("; ");
    console_print(error->remedy);
    console_print("\n");
    end_machine();
}

_Noreturn void boot_exception(uint32_t syndrome, uint32_t pc, uint32_t address)
{
    console_print("[boot] ERROR: exception, HSR ");
    console_print_hex(syndrome);
    console_print(" pc ");
    console_print_hex(pc);
    console_print(" address ");
    console_print_hex(address);
    console_print("; the loader itself is at fault, report it\n");
    end_machine();
}
