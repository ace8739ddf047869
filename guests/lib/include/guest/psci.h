/*
 * PSCI 1.x (ARM DEN 0022) and SMC Calling Convention (ARM DEN 0028) calls by
 * either conduit. The caller chooses; nothing is remembered between calls.
 */
#ifndef GUEST_PSCI_H
#define GUEST_PSCI_H

#include <stdint.h>

#define PSCI_VERSION 0x84000000u
#define PSCI_CPU_SUSPEND 0x84000001u
#define PSCI_CPU_OFF 0x84000002u
#define PSCI_CPU_ON 0x84000003u
#define PSCI_AFFINITY_INFO 0x84000004u
#define PSCI_MIGRATE_INFO_TYPE 0x84000006u
#define PSCI_SYSTEM_OFF 0x84000008u
#define PSCI_SYSTEM_RESET 0x84000009u
#define PSCI_FEATURES 0x8400000au

#define SMCCC_VERSION 0x80000000u
#define SMCCC_ARCH_FEATURES 0x80000001u
#define VENDOR_HYP_CALL_COUNT 0x8600ff00u
#define VENDOR_HYP_UID 0x8600ff01u

#define PSCI_NOT_SUPPORTED 0xffffffffu
#define PSCI_INVALID_PARAMETERS 0xfffffffeu
#define PSCI_ALREADY_ON 0xfffffffcu

struct smccc_regs {
    uint32_t r[4];
};

typedef void smccc_conduit_t(struct smccc_regs *regs);

/* r0..r3 in and out by HVC #0 or SMC #0. */
void smccc_hvc(struct smccc_regs *regs);
void smccc_smc(struct smccc_regs *regs);

/* One call, its r0. */
uint32_t hvc_call(uint32_t function, uint32_t a1, uint32_t a2, uint32_t a3);
uint32_t smc_call(uint32_t function, uint32_t a1, uint32_t a2, uint32_t a3);

void system_off(void) __attribute__((noreturn));
void system_reset(void) __attribute__((noreturn));

#endif
