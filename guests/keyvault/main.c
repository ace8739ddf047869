/*
 * The key vault: makes a key at its start, from the entropy device, and signs with it what the
 * guests ask that its bootargs list (allow=NAME[,NAME...]). Nothing keeps the key: a restart makes
 * another one. Without entropy it does not start.
 */
#include <stddef.h>

#include "guest/cpu.h"
#include "guest/gic.h"
#include "guest/mmu.h"
#include "guest/psci.h"
#include "guest/service.h"
#include "guest/start.h"
#include "guest/trap.h"
#include "guest/uart.h"
#include "guest/virtio_rng.h"
#include "vault.h"

static struct service services[PECAN_CHANNELS];
static bool allowed[PECAN_CHANNELS];
static struct vault vault;
static volatile bool rung; /* a channel's interrupt has come */

static void make_key(void)
{
    uint8_t seed[VAULT_SEED_SIZE];
    bool made = virtio_rng_read(seed, sizeof(seed)) && vault_start(&vault, seed);

    vault_wipe(seed, sizeof(seed));
    if (!made) {
        print("keyvault: ERROR: no entropy device answers: no key, and so no service; give the "
              "domain access to one\n");
        system_off();
    }
}

static void on_irq(void)
{
    uint32_t iar = gicc_read(GICC_IAR);

    if (IAR_ID(iar) < INTID_GROUP1) {
        rung = true;
        gicc_write(GICC_EOIR, iar);
    }
}

static void start_interrupts(void)
{
    trap_irq = on_irq;
    gicd_write(GICD_CTLR, 1);
    gicc_write(GICC_PMR, 0xff);
    gicc_write(GICC_CTLR, GICC_CTLR_GRP0);
}

static void answer(uint32_t n, const char *line, struct reply *reply)
{
    vault_answer(&vault, allowed[n], line, reply);
}

/* Sleeps unless a channel rang since the last look. */
static void wait(void)
{
    irq_disable();
    if (!rung) {
        wfi();
    }
    rung = false;
    irq_enable();
}

void guest_main(void)
{
    static const struct service_calls calls = {answer, NULL};
    uint32_t count;

    console_init();
    mmu_on_short();
    make_key();
    start_interrupts();
    count = services_start(services, PECAN_CHANNELS);
    for (uint32_t n = 0; n < count; n++) {
        allowed[n] = vault_allows(boot_args(), services[n].channel.peer);
        print("keyvault: %s %s\n", allowed[n] ? "serves" : "refuses", services[n].channel.peer);
    }
    irq_enable();
    print("GUEST READY keyvault\n");
    for (;;) {
        if (!services_run(services, count, &calls)) {
            wait();
        }
    }
}
