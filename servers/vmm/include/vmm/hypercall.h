/*
 * Calls by HVC and SMC: the SMC Calling Convention 1.1, PSCI 1.1 and Pecan's own range.
 *
 * Pure: registers in, registers and a wish out. The caller carries the wish out.
 */
#ifndef VMM_HYPERCALL_H
#define VMM_HYPERCALL_H

#include <stdbool.h>
#include <stdint.h>

#include <l4/guest/channel.h>

#define POWER_CPUS 8u

/* SMCCC function identifiers. */
#define SMCCC_VERSION 0x80000000u
#define SMCCC_ARCH_FEATURES 0x80000001u
#define PSCI_VERSION 0x84000000u
#define PSCI_CPU_SUSPEND 0x84000001u
#define PSCI_CPU_OFF 0x84000002u
#define PSCI_CPU_ON 0x84000003u
#define PSCI_AFFINITY_INFO 0x84000004u
#define PSCI_MIGRATE_INFO_TYPE 0x84000006u
#define PSCI_SYSTEM_OFF 0x84000008u
#define PSCI_SYSTEM_RESET 0x84000009u
#define PSCI_FEATURES 0x8400000au
#define PSCI_SYSTEM_RESET2 0x84000012u
#define PECAN_FEATURES 0x86000000u
#define PECAN_CALL_COUNT 0x8600ff00u
#define PECAN_CALL_UID 0x8600ff01u
#define PECAN_CALL_REVISION 0x8600ff03u

/* Results. SMCCC_NOT_SUPPORTED is the same number. */
#define PSCI_SUCCESS 0u
#define PSCI_NOT_SUPPORTED 0xffffffffu
#define PSCI_INVALID_PARAMETERS 0xfffffffeu
#define PSCI_DENIED 0xfffffffdu
#define PSCI_ALREADY_ON 0xfffffffcu
#define PSCI_INVALID_ADDRESS 0xfffffff7u

/* The UID of the vendor-specific hypervisor service: b9a48ad7-efec-4d38-8438-13bc9ba8546d */
#define PECAN_UID_0 0xd78aa4b9u
#define PECAN_UID_1 0x384decefu
#define PECAN_UID_2 0xbc133884u
#define PECAN_UID_3 0x6d54a89bu

enum power_wish {
    POWER_NONE,         /* answer the call */
    POWER_CPU_ON,       /* answer, and start vCPU power_call.cpu */
    POWER_CPU_OFF,      /* the calling vCPU stops; no answer */
    POWER_SYSTEM_OFF,   /* no answer */
    POWER_SYSTEM_RESET, /* no answer */
    POWER_NOTIFY,       /* answer, and ring the other end of channel power_call.channel */
};

/* Which vCPUs are on: the whole state. */
struct power_state {
    uint32_t cpus;
    uint8_t on[POWER_CPUS];
};

/* Where code may be. */
struct power_limits {
    uint64_t ram_base, ram_size;
    uint32_t rom_size;
    uint32_t channels; /* one bit each: those that the guest may ring */
};

struct power_call {
    uint32_t cpu;     /* POWER_CPU_ON: which */
    uint32_t entry;   /* bit 0: Thumb */
    uint32_t context; /* its r0 */
    uint32_t channel; /* POWER_NOTIFY: which */
};

/* vCPU 0 on, the others off. */
void power_reset(struct power_state *power, uint32_t cpus);

/* A call of vCPU `cpu` with r[0..3]; fills r with the answer. */
enum power_wish hypercall(struct power_state *power, const struct power_limits *limits,
                          uint32_t cpu, uint32_t r[4], struct power_call *call);

#endif
