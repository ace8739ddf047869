/*
 * The partition configuration as plain data, and the checks that `./pecan check` also makes.
 *
 * Pure: reads a device tree that dt_check() has passed. Strings point into the tree. Every problem
 * is reported, not only the first; a configuration with a problem is not used at all.
 */
#ifndef INIT_CONFIG_H
#define INIT_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <l4/proto/init.h>

#define CONFIG_DOMAINS L4_START_CLIENTS
#define CONFIG_RAM_BASE 0x40000000u
#define CONFIG_PRIORITY_MAX 200u
#define CONFIG_PRIORITY_DEFAULT 100u
#define CONFIG_PERIOD_MIN_US 100u
#define CONFIG_PERIOD_MAX_US 10000000u

struct config_domain {
    const char *name;
    const char *kernel; /* image names; NULL: none */
    const char *initrd;
    const char *rom;
    const char *bootargs; /* never NULL */
    uint64_t ram_ipa;
    uint64_t ram_size;
    uint64_t load_address;
    uint32_t kernel_format; /* enum l4_kernel_format */
    uint32_t vcpus;
    uint32_t priority;
    uint32_t budget_us;
    uint32_t period_us;
    uint32_t flags; /* L4_VMM_* */
};

struct config {
    uint32_t count;
    struct config_domain domain[CONFIG_DOMAINS];
};

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
};

/* Reads /domains. The result is usable when no problem was reported. */
void config_read(const void *tree, struct config *config, struct config_report *report);

/* Images exist and fit into their guests; the guests fit into the board. */
void config_check(const struct config *config, const struct config_board *board,
                  struct config_report *report);

#endif
