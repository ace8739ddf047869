/*
 * CP15 and CP14 registers whose accesses trap: auxiliary control, L2 control, implementation
 * defined ones, identification, performance monitors, debug. What the kernel emulates itself
 * (timers, MMU registers) never gets here.
 */
#ifndef VMM_SYSREG_H
#define VMM_SYSREG_H

#include <stdbool.h>
#include <stdint.h>

#include <l4/abi/status.h>

/* One vCPU's. */
struct sysreg_state {
    uint32_t cpus;
    uint32_t actlr;
    uint32_t l2ctlr;
    uint32_t l2ectlr;
    uint32_t csselr;
};

void sysreg_reset(struct sysreg_state *s, uint32_t cpus);

/*
 * The access that `syndrome` (L4_EXIT_SYSREG) describes: value[0] is Rt, value[1] Rt2; a read fills
 * them. NOT_SUPPORTED: the register does not exist, the instruction is undefined.
 */
L4_MUST_CHECK l4_status_t sysreg_access(struct sysreg_state *s, uint32_t syndrome,
                                        uint32_t value[2]);

#endif
