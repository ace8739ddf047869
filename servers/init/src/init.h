/*
 * init, the root server: private interfaces.
 *
 * One thread, one struct init. Everything is checked before the first server starts; from then on
 * init only answers requests and faults (supervise.c).
 */
#ifndef INIT_H
#define INIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <init/config.h>
#include <l4/abi/bootinfo.h>
#include <l4/base/window.h>
#include <l4/format/elf.h>
#include <l4/format/fit.h>
#include <l4/proto/devmgr.h>
#include <l4/proto/init.h>
#include <l4/slots.h>

#define INIT_PRIORITY 250u
#define DEVMGR_PRIORITY 240u
#define VMM_PRIORITY 220u

/* A server's address space, as init sees it while and after building it. The capabilities are in
 * init's table; what the server owns has been moved into the server's. */
struct process {
    l4_cap_t pool;
    l4_cap_t aspace;
    l4_cap_t thread;
    l4_cap_t endpoint; /* original */
    /* init's endpoint under the process's badge, where its faults go: not derived from anything
     * that the process could give away. */
    l4_cap_t supervisor;
    uint32_t entry;
    uint32_t image_end; /* first address behind its segments */
    l4_cap_t slot_next; /* next free slot of its table */
    l4_cap_t memory;    /* its private memory; mapped in init until process_seal() */
    void *memory_address;
    uint32_t memory_used;
    struct l4_start *start; /* to be filled in until process_seal() */
};

enum domain_state {
    DOMAIN_NONE,
    DOMAIN_READY, /* built */
    DOMAIN_RUNNING,
    DOMAIN_OFF,    /* powered off */
    DOMAIN_FAILED, /* its VMM gave up or died */
};

struct domain {
    const struct config_domain *config;
    enum domain_state state;
    l4_cap_t arena; /* all of its memory; revoking it ends the domain */
    l4_cap_t ram;
    struct process vmm;
};

struct init {
    const struct l4_rootinfo *root;
    struct l4_slots slots;
    l4_cap_t endpoint; /* init's own */
    l4_cap_t fit_region;
    l4_cap_t dtb_region;
    struct fit fit;
    struct config config;
    struct config_report report;
    struct process devmgr;
    bool devmgr_runs;
    uint64_t wall_clock_epoch;
    struct domain domain[CONFIG_DOMAINS];
};

extern struct init init;

/* --- main.c ---------------------------------------------------------------------------------- */

/* Ends the machine after all output has been written. */
_Noreturn void init_end(uint32_t exit_status);

/* "[init] ERROR: subject: what (status text); remedy", then the machine ends with a failure. */
_Noreturn void init_fail(const char *subject, const char *what, l4_status_t status,
                         const char *remedy);

/* A free slot of init's table; ends the machine when there is none. */
l4_cap_t init_slot(void);

/* --- memory.c -------------------------------------------------------------------------------- */

/* Free bytes in all RAM regions together. */
uint64_t memory_free(void);

/* Splits off a range of the board's RAM. Errors: NO_MEMORY. */
L4_MUST_CHECK l4_status_t memory_take(uint32_t size, uint32_t align_log2, l4_cap_t *region);

/* Maps `region` (at most MEMORY_SCRATCH_SIZE) into init for a moment. */
#define MEMORY_SCRATCH_SIZE (256u << 10)
L4_MUST_CHECK l4_status_t memory_map(l4_cap_t region, void **address);
L4_MUST_CHECK l4_status_t memory_unmap(l4_cap_t region);

/* --- package.c ------------------------------------------------------------------------------- */

/* Maps the boot package and reads its configuration into init.config; ends the machine with
 * messages when something is wrong with either. Verifies every image that is going to be used. */
void package_open(void);

/* An image that has been verified; ends the machine when it is missing or damaged. */
void package_image(const char *name, struct fit_image *image);

/* A read-only region over a part of the package; `offset` is page aligned. */
L4_MUST_CHECK l4_status_t package_share(size_t offset, size_t size, uint32_t rights,
                                        l4_cap_t *region);

/* --- process.c ------------------------------------------------------------------------------- */

struct process_spec {
    const char *image; /* of the package */
    l4_cap_t arena;    /* original region that its memory is split from */
    uint32_t pool_size;
    uint32_t slots;
    uint32_t badge; /* of its capability for init, and of its faults */
    uint32_t priority;
    uint32_t kind; /* enum l4_start_kind */
};

/* Memory that process_create() splits from the arena, without the pool. */
uint32_t process_size(const char *image);

/* Builds everything but does not start the thread. */
L4_MUST_CHECK l4_status_t process_create(struct process *process, const struct process_spec *spec);

/* Moves `cap` out of init's table into the next free slot of the process's. */
L4_MUST_CHECK l4_status_t process_give(struct process *process, l4_cap_t cap, l4_cap_t *slot);

/* The start page is complete: from here on the process's memory is its own. Only one process can be
 * between process_create() and process_seal(). */
L4_MUST_CHECK l4_status_t process_seal(struct process *process);

L4_MUST_CHECK l4_status_t process_run(const struct process *process);

/* Forgets the slots of a process whose memory has been revoked. */
void process_forget(struct process *process);

/* --- devmgr.c, domain.c ---------------------------------------------------------------------- */

/* Builds and starts the device manager; log lines go there from now on. */
void devmgr_start(void);

/* Copies of devmgr's endpoint go to its clients with their badges. */
L4_MUST_CHECK l4_status_t devmgr_give(struct process *client, uint32_t badge);

/* Calls devmgr with one word, bounded in time. */
L4_MUST_CHECK l4_status_t devmgr_request(uint32_t label, uint32_t word);

/* Takes the memory of every domain: fails before anything has been started. */
void domains_reserve(void);

/* Builds every VMM, then starts them all. */
void domains_start(void);

/* Ends the domain and takes all its memory back. */
void domain_end(struct domain *domain, enum domain_state state);

/* --- supervise.c ----------------------------------------------------------------------------- */

/* Answers requests and faults; never returns. */
_Noreturn void supervise(void);

#endif
