/*
 * The partition configuration as plain data, and the checks that `./pecan check` also makes.
 *
 * Pure: reads a device tree that dt_check() has passed. Strings point into the tree. Every problem
 * is reported, not only the first; a configuration with a problem is not used at all.
 *
 * What a domain's `access` gives stands in the tables of the servers that serve it, with the badge
 * of the domain's VMM (config_badge()), in the order that l4/proto/init.h asks for.
 */
#ifndef INIT_CONFIG_H
#define INIT_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <l4/proto/devmgr.h>
#include <l4/proto/init.h>

#define CONFIG_DOMAINS L4_START_CLIENTS
#define CONFIG_RAM_BASE 0x40000000u
#define CONFIG_PRIORITY_MAX 200u
#define CONFIG_PRIORITY_DEFAULT 100u
#define CONFIG_PERIOD_MIN_US 100u
#define CONFIG_PERIOD_MAX_US 10000000u
#define CONFIG_TURN_US 10000u /* of domains of one priority without a budget: round robin */
#define CONFIG_DEVICES 32u    /* devices of the board that are used */

struct config_domain {
    const char *name;
    const char *kernel; /* image names; NULL: none */
    const char *initrd;
    const char *rom;
    const char *bootargs; /* never NULL */
    uint64_t ram_ipa;     /* 0 with direct_map: the machine chooses */
    uint64_t ram_size;
    uint64_t load_address;
    uint32_t kernel_format; /* enum l4_kernel_format */
    uint32_t vcpus;
    uint32_t priority;
    uint32_t budget_us; /* 0, 0: no limit, as a domain alone at its priority has it */
    uint32_t period_us;
    uint32_t flags;      /* L4_VMM_* */
    uint32_t restart;    /* enum l4_restart_policy */
    bool direct_map;     /* guest physical = physical */
    bool dma_trusted;    /* may have devices that master the bus */
    uint32_t disk_count; /* entries with its badge in the tables below */
    uint32_t grant_count;
    uint32_t port_count;
    uint32_t channel_count;
};

struct config_channel {
    struct l4_start_channel ends; /* badge[1] is that of the later domain */
    uint32_t port;                /* vsock port */
    uint32_t flags[2];            /* of each end: L4_CHANNEL_MEMORY */
};

/* A device of the board that somebody uses. */
struct config_device {
    const char *name;       /* of its node */
    const char *compatible; /* the first of its list */
    uint64_t base;
    bool dedicated;
};

struct config {
    uint32_t count;
    uint32_t disk_count;
    uint32_t grant_count;
    uint32_t nic_count;
    uint32_t port_count;
    uint32_t channel_count;
    uint32_t device_count;
    struct config_domain domain[CONFIG_DOMAINS];
    struct l4_start_disk disk[L4_START_DISKS];
    struct l4_start_grant grant[L4_START_GRANTS];
    struct l4_start_nic nic[L4_START_NICS];
    struct l4_start_port port[L4_START_PORTS];
    struct config_channel channel[L4_START_CHANNELS];
    struct config_device device[CONFIG_DEVICES];
};

static inline uint32_t config_badge(uint32_t domain)
{
    return L4_BADGE_CLIENT_FIRST + domain;
}

/* Where problems go. `node` and `property` may be "". */
struct config_report {
    void (*problem)(void *context, const char *node, const char *property, const char *what,
                    const char *remedy);
    void *context;
    uint32_t count; /* problems so far */
};

/* What the checks beyond the configuration itself ask: */
struct config_board {
    uint64_t ram_free;
    /* True and the size when the package has the image. */
    bool (*image)(void *context, const char *name, uint64_t *size);
    void *context;
    const void *tree; /* the board's device tree, passed by dt_check(); NULL: unknown */
    uint64_t uart;    /* base of the system's own console, which stays the system's; 0: none */
};

/* Reads /domains and what their `access` names. The result is usable when no problem was reported.
 */
void config_read(const void *tree, struct config *config, struct config_report *report);

/* Images exist and fit into their guests; the guests fit into the board; the devices are there. */
void config_check(const struct config *config, const struct config_board *board,
                  struct config_report *report);

#endif
