/* See hypercall.h. PSCI: DEN 0022D (1.1); SMCCC: DEN 0028B (1.1). */
#include <l4/base/range.h>
#include <vmm/hypercall.h>

#define SMCCC_VERSION_1_1 0x00010001u
#define PSCI_VERSION_1_1 0x00010001u
#define PECAN_REVISION_MAJOR 1u
#define PECAN_REVISION_MINOR 0u
#define TOS_NOT_PRESENT 2u /* MIGRATE_INFO_TYPE: nothing to migrate */
#define AFFINITY_ON 0u
#define AFFINITY_OFF 1u
#define MPIDR_AFF_MASK 0x00ffffffu

/* The vCPU with that MPIDR affinity (Aff0 = number); POWER_CPUS when there is none. */
static uint32_t cpu_of(const struct power_state *power, uint32_t affinity)
{
    return affinity < power->cpus ? affinity : POWER_CPUS;
}

static bool entry_valid(const struct power_limits *limits, uint32_t entry)
{
    uint32_t pc = entry & ~1u;
    if (pc < limits->rom_size) {
        return true;
    }
    return pc >= limits->ram_base && l4_range_fits(pc - limits->ram_base, 2, limits->ram_size);
}

static uint32_t cpu_on(struct power_state *power, const struct power_limits *limits,
                       const uint32_t r[4], struct power_call *call)
{
    uint32_t cpu = cpu_of(power, r[1]);
    if (cpu == POWER_CPUS) {
        return PSCI_INVALID_PARAMETERS;
    }
    if (power->on[cpu]) {
        return PSCI_ALREADY_ON;
    }
    if (!entry_valid(limits, r[2])) {
        return PSCI_INVALID_ADDRESS;
    }
    power->on[cpu] = 1;
    *call = (struct power_call){.cpu = cpu, .entry = r[2], .context = r[3]};
    return PSCI_SUCCESS;
}

/* Levels above 0: all vCPUs are in the one cluster 0, which is on while one of them is. */
static uint32_t affinity_info(const struct power_state *power, uint32_t target, uint32_t level)
{
    if (level > 3 || (target & ~MPIDR_AFF_MASK) != 0) {
        return PSCI_INVALID_PARAMETERS;
    }
    if (level == 0) {
        uint32_t cpu = cpu_of(power, target);
        if (cpu == POWER_CPUS) {
            return PSCI_INVALID_PARAMETERS;
        }
        return power->on[cpu] ? AFFINITY_ON : AFFINITY_OFF;
    }
    uint32_t above = level == 3 ? 0 : target >> (8u * level);
    return above == 0 ? AFFINITY_ON : PSCI_INVALID_PARAMETERS; /* the caller is on */
}

static uint32_t psci_features(uint32_t function)
{
    switch (function) {
    case SMCCC_VERSION:
    case PSCI_VERSION:
    case PSCI_CPU_SUSPEND:
    case PSCI_CPU_OFF:
    case PSCI_CPU_ON:
    case PSCI_AFFINITY_INFO:
    case PSCI_MIGRATE_INFO_TYPE:
    case PSCI_SYSTEM_OFF:
    case PSCI_SYSTEM_RESET:
    case PSCI_FEATURES:
    case PSCI_SYSTEM_RESET2:
        return PSCI_SUCCESS;
    default:
        return PSCI_NOT_SUPPORTED;
    }
}

static uint32_t arch_features(uint32_t function)
{
    return function == SMCCC_VERSION || function == SMCCC_ARCH_FEATURES ? PSCI_SUCCESS
                                                                        : PSCI_NOT_SUPPORTED;
}

static enum power_wish channel_notify(const struct power_limits *limits, uint32_t r[4],
                                      struct power_call *call)
{
    uint32_t channel = r[1];
    bool there = channel < PECAN_CHANNELS && (limits->channels & 1u << channel) != 0;
    r[0] = there ? PSCI_SUCCESS : PSCI_INVALID_PARAMETERS;
    call->channel = channel;
    return there ? POWER_NOTIFY : POWER_NONE;
}

/* The calls that end something; POWER_NONE for all others. */
static enum power_wish power_call(struct power_state *power, const struct power_limits *limits,
                                  uint32_t cpu, uint32_t r[4], struct power_call *call)
{
    switch (r[0]) {
    case PSCI_CPU_OFF:
        power->on[cpu] = 0;
        return POWER_CPU_OFF;
    case PSCI_CPU_ON:
        r[0] = cpu_on(power, limits, r, call);
        return r[0] == PSCI_SUCCESS ? POWER_CPU_ON : POWER_NONE;
    case PSCI_SYSTEM_OFF:
        return POWER_SYSTEM_OFF;
    case PSCI_SYSTEM_RESET:
        return POWER_SYSTEM_RESET;
    case PSCI_SYSTEM_RESET2:
        if (r[1] == 0) { /* SYSTEM_WARM_RESET */
            return POWER_SYSTEM_RESET;
        }
        r[0] = PSCI_INVALID_PARAMETERS;
        return POWER_NONE;
    default:
        r[0] = PSCI_NOT_SUPPORTED;
        return POWER_NONE;
    }
}

static void pecan_uid(uint32_t r[4])
{
    r[0] = PECAN_UID_0;
    r[1] = PECAN_UID_1;
    r[2] = PECAN_UID_2;
    r[3] = PECAN_UID_3;
}

enum power_wish hypercall(struct power_state *power, const struct power_limits *limits,
                          uint32_t cpu, uint32_t r[4], struct power_call *call)
{
    switch (r[0]) {
    case SMCCC_VERSION:
        r[0] = SMCCC_VERSION_1_1;
        return POWER_NONE;
    case SMCCC_ARCH_FEATURES:
        r[0] = arch_features(r[1]);
        return POWER_NONE;
    case PSCI_VERSION:
        r[0] = PSCI_VERSION_1_1;
        return POWER_NONE;
    case PSCI_FEATURES:
        r[0] = psci_features(r[1]);
        return POWER_NONE;
    case PSCI_CPU_SUSPEND:
        r[0] = PSCI_SUCCESS; /* a standby state may end at any time (5.1.2) */
        return POWER_NONE;
    case PSCI_AFFINITY_INFO:
        r[0] = affinity_info(power, r[1], r[2]);
        return POWER_NONE;
    case PSCI_MIGRATE_INFO_TYPE:
        r[0] = TOS_NOT_PRESENT;
        return POWER_NONE;
    case PECAN_CALL_UID:
        pecan_uid(r);
        return POWER_NONE;
    case PECAN_CALL_COUNT:
        r[0] = 5; /* FEATURES, CHANNEL_NOTIFY, COUNT, UID, REVISION */
        return POWER_NONE;
    case PECAN_CALL_REVISION:
        r[0] = PECAN_REVISION_MAJOR;
        r[1] = PECAN_REVISION_MINOR;
        return POWER_NONE;
    case PECAN_FEATURES:
        r[0] = limits->channels != 0 ? PECAN_FEATURE_CHANNELS : 0;
        return POWER_NONE;
    case PECAN_CHANNEL_NOTIFY:
        return channel_notify(limits, r, call);
    default:
        return power_call(power, limits, cpu, r, call);
    }
}

void power_reset(struct power_state *power, uint32_t cpus)
{
    *power = (struct power_state){.cpus = cpus, .on = {1}};
}
