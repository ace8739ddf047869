/*
 * PSCI calls as functions, over the conduits of psci.S.
 */
#include "guest/psci.h"

#include "guest/cpu.h"
#include "guest/uart.h"

static uint32_t call(smccc_conduit_t *conduit, uint32_t function, uint32_t a1, uint32_t a2,
                     uint32_t a3)
{
    struct smccc_regs regs = {{function, a1, a2, a3}};

    conduit(&regs);
    return regs.r[0];
}

uint32_t hvc_call(uint32_t function, uint32_t a1, uint32_t a2, uint32_t a3)
{
    return call(smccc_hvc, function, a1, a2, a3);
}

uint32_t smc_call(uint32_t function, uint32_t a1, uint32_t a2, uint32_t a3)
{
    return call(smccc_smc, function, a1, a2, a3);
}

static void stop(uint32_t function, const char *name) __attribute__((noreturn));

static void stop(uint32_t function, const char *name)
{
    console_flush();
    hvc_call(function, 0, 0, 0);
    print("\nBail out! %s returned\n", name);
    irq_disable();
    for (;;) {
        wfi();
    }
}

void system_off(void)
{
    stop(PSCI_SYSTEM_OFF, "SYSTEM_OFF");
}

void system_reset(void)
{
    stop(PSCI_SYSTEM_RESET, "SYSTEM_RESET");
}
