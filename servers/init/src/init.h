/*
 * init, the root server: private interfaces.
 *
 * One thread, one struct init. Everything is checked before the first server starts; from then on
 * init answers requests, faults and the management port (supervise.c), and never waits for a server
 * without a time limit.
 */
#ifndef INIT_H
#define INIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <init/config.h>
#include <init/limit.h>
#include <l4/abi/bootinfo.h>
#include <l4/base/window.h>
#include <l4/format/elf.h>
#include <l4/format/fit.h>
#include <l4/ipc.h>
#include <l4/proto/devmgr.h>
#include <l4/proto/init.h>
#include <l4/proto/net.h>
#include <l4/slots.h>

/* Guests at 191 to CONFIG_PRIORITY_MAX, and their VMMs, come before all servers that others keep
 * busy; whoever calls a server lends it its own priority. */
#define INIT_PRIORITY 190u
#define DEVMGR_PRIORITY 180u
#define NET_PRIORITY 170u

#define REQUEST_US 2000000u /* of init's calls to devmgr and ipc-net, and for a VMM's answer */
#define TICK_US 20000u      /* between two looks at what is pending */
#define NS_PER_US 1000u
#define STAND_INS 64u /* the pages that a VMM with eight network ports uses at once */

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
    uint32_t image_end;    /* first address behind its segments */
    uint32_t shared_bytes; /* of the package: its read-only segments */
    l4_cap_t slot_next;    /* next free slot of its table */
    l4_cap_t memory;       /* its private memory; mapped in init until process_seal() */
    void *memory_address;
    uint32_t memory_used;
    struct l4_start *start; /* to be filled in until process_seal() */
    /* While a server that it has sessions with is restarted: pages of zeros where it still touches
     * their memory. */
    bool reopening;
    uint32_t window_base;
    l4_cap_t zeros;
    uint32_t stand_in_count;
    l4_cap_t stand_in[STAND_INS];
};

/* devmgr or ipc-net. */
struct service {
    struct process process;
    l4_cap_t arena[2]; /* in turn: a device may still write to what the last one had */
    uint32_t which;
    uint32_t size; /* of each arena */
    bool runs;     /* it can be called */
    struct limit limit;
};

enum domain_state {
    DOMAIN_NONE,
    DOMAIN_READY, /* built */
    DOMAIN_RUNNING,
    DOMAIN_PAUSED,
    DOMAIN_OFF,     /* powered off */
    DOMAIN_STOPPED, /* by the manager */
    DOMAIN_FAILED,  /* its VMM gave up or died */
};

/* What init has asked of a VMM through the control page, and what is still to be asked. */
struct mailbox {
    uint32_t asked;
    bool waits;
    uint32_t command; /* that waits */
    uint64_t deadline;
    bool wanted; /* the manager's: next_command is to be asked */
    uint32_t next_command;
    uint32_t reopen; /* L4_VM_DEVMGR, L4_VM_NET: to be asked */
    uint32_t reopen_tries;
};

struct domain {
    const struct config_domain *config;
    enum domain_state state;
    bool wanted;    /* to be built anew as soon as devmgr runs */
    bool in_use;    /* its memory, by a device that could not be stopped */
    l4_cap_t arena; /* all of its memory; revoking it ends the domain */
    uint32_t arena_size;
    l4_cap_t ram;
    l4_cap_t ram_for_devices; /* share with the DMA right, for devmgr; 0: no disks */
    l4_cap_t control_page;
    volatile struct l4_vm_control *control; /* NULL: not built */
    struct mailbox mailbox;
    struct process vmm;
    struct limit limit;
};

struct init {
    const struct l4_rootinfo *root;
    struct l4_slots slots;
    l4_cap_t endpoint; /* init's own */
    l4_cap_t fit_region;
    l4_cap_t dtb_region;
    uint64_t board_memory; /* all RAM that the board has, bytes */
    struct fit fit;
    struct config config;
    struct config_report report;
    struct service devmgr;
    bool devices_quiet; /* no device uses what an earlier devmgr had given it */
    uint64_t quiet_deadline;
    struct service net;
    l4_cap_t net_counters_page;
    const volatile struct l4_net_counters *net_counters; /* NULL: ipc-net does not run */
    uint64_t wall_clock_epoch;
    struct domain domain[CONFIG_DOMAINS];
};

extern struct init init;

/* init's own mappings, all within the 2 MiB of its segments, so that no further table is needed. */
#define MEMORY_SCRATCH 0x10100000u
#define MEMORY_SCRATCH_SIZE (256u << 10)
#define MEMORY_CONTROL_SESSION 0x10150000u
#define MEMORY_NET_COUNTERS 0x10151000u
#define MEMORY_VM_CONTROL 0x10160000u /* a page a domain */

/* --- main.c ---------------------------------------------------------------------------------- */

/* Ends the machine after all output has been written. */
_Noreturn void init_end(uint32_t exit_status);

/* "[init] ERROR: subject: what (status text); remedy", then the machine ends with a failure. */
_Noreturn void init_fail(const char *subject, const char *what, l4_status_t status,
                         const char *remedy);

/* A free slot of init's table; ends the machine when there is none. */
l4_cap_t init_slot(void);

/* Gives back all slots that have been taken since `mark` was copied from init.slots, with what they
 * hold: after something that failed half-way. */
void init_slots_rollback(const struct l4_slots *mark);

/* Time since boot. */
uint64_t init_now_ns(void);

/* --- log.c ----------------------------------------------------------------------------------- */

/* Lines go through devmgr, which writes them between its clients' lines; to the kernel's UART while
 * there is no devmgr. */
void log_to_devmgr(void);
void log_to_uart(void);

/* Tries again what devmgr had no room for. True: there is still something. */
bool log_flush(void);

/* Before the machine ends: all that devmgr still takes. */
void log_end(void);

/* --- memory.c -------------------------------------------------------------------------------- */

/* Free bytes in all RAM regions together. */
uint64_t memory_free(void);

/* Splits off a range of the board's RAM. Errors: NO_MEMORY. */
L4_MUST_CHECK l4_status_t memory_take(uint32_t size, uint32_t align_log2, l4_cap_t *region);

/* The next piece of `arena`, in a slot of init's. */
L4_MUST_CHECK l4_status_t memory_split(l4_cap_t arena, uint32_t size, uint32_t align_log2,
                                       l4_cap_t *region);

/* Maps `region` (at most MEMORY_SCRATCH_SIZE) into init for a moment. */
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

/* Builds everything but does not start the thread. After a failure the caller revokes the arena and
 * rolls the slots back. */
L4_MUST_CHECK l4_status_t process_create(struct process *process, const struct process_spec *spec);

/* Moves `cap` out of init's table into the next free slot of the process's. */
L4_MUST_CHECK l4_status_t process_give(struct process *process, l4_cap_t cap, l4_cap_t *slot);

/* The same with a share of the first `size` bytes of `region`, with these rights alone. */
L4_MUST_CHECK l4_status_t process_give_share(struct process *process, l4_cap_t region,
                                             uint32_t size, uint32_t rights, l4_cap_t *slot);

/* The same with the next piece of `arena`, an original. */
L4_MUST_CHECK l4_status_t process_give_split(struct process *process, l4_cap_t arena, uint32_t size,
                                             l4_cap_t *slot);

/* The start page is complete: from here on the process's memory is its own. Only one process can be
 * between process_create() and process_seal(). */
L4_MUST_CHECK l4_status_t process_seal(struct process *process);

L4_MUST_CHECK l4_status_t process_run(const struct process *process);

/* Forgets the slots of a process whose memory has been revoked. */
void process_forget(struct process *process);

/* A page of zeros at the address that the process could not reach. False: that is not what the
 * fault is about. */
bool process_stand_in(struct process *process, uint32_t address);

/* Takes those pages away. */
void process_drop_stand_ins(struct process *process);

/* --- service.c ------------------------------------------------------------------------------- */

/* A copy of the service's endpoint, under the client's badge, for `slot` of the client's table. */
L4_MUST_CHECK l4_status_t service_give(const struct service *service, const struct process *client,
                                       l4_cap_t slot, uint32_t badge);

/* Calls the service (l4_call_within()); the status is its answer's first word. */
L4_MUST_CHECK l4_status_t service_call(const struct service *service, struct l4_msg *msg);

/* The same with one word. STATE: it does not run. */
L4_MUST_CHECK l4_status_t service_request(const struct service *service, uint32_t label,
                                          uint32_t word);

/* Takes everything back that the service had; its arena is whole again. */
void service_end(struct service *service);

/* --- devmgr.c, net.c ------------------------------------------------------------------------- */

/* Builds and starts the device manager; log lines go there from now on. */
void devmgr_start(void);

/* devmgr has died or hangs: another one is built, in other memory. Ends the machine when that
 * happens too often. */
void devmgr_restart(void);

/* INIT_DEVICES_QUIET of a restarted devmgr: gives its clients back what they had. */
void devmgr_ready(void);

/* Gives devmgr the guest's memory, for its disks. */
L4_MUST_CHECK l4_status_t devmgr_give_ram(const struct domain *domain);

/* The restarted devmgr is late. */
void devmgr_tick(uint64_t now);

/* True when the configuration has ports or channels. */
bool net_wanted(void);
void net_start(void);
void net_restart(void);

/* devmgr has been restarted. */
void net_reopen(void);

/* --- domain.c, domain_page.c ----------------------------------------------------------------- */

static inline uint32_t domain_index(const struct domain *domain)
{
    return (uint32_t)(domain - init.domain);
}

static inline uint32_t domain_badge(const struct domain *domain)
{
    return config_badge(domain_index(domain));
}

/* It has a VMM. */
static inline bool domain_lives(const struct domain *domain)
{
    return domain->state == DOMAIN_READY || domain->state == DOMAIN_RUNNING ||
           domain->state == DOMAIN_PAUSED;
}

static inline bool domain_uses_net(const struct domain *domain)
{
    return domain->config->port_count + domain->config->channel_count != 0;
}

/* Pool sizes of the VMM and of its guest; alignment of guest RAM (log2). */
uint32_t domain_vmm_pool(const struct config_domain *config);
uint32_t domain_guest_pool(const struct config_domain *config);
uint32_t domain_ram_align(const struct config_domain *config);

/* Fills the VMM's start page and gives it what that lists. */
L4_MUST_CHECK l4_status_t domain_fill_page(struct domain *domain);

/* Takes the memory of every domain: fails before anything has been started. */
void domains_reserve(void);

/* Builds every VMM, then starts them all. */
void domains_start(void);

/* Builds and starts one that is not alive. Errors: BUSY (a server is being restarted), IO (a device
 * still uses its memory), those of building; nothing is left then. */
L4_MUST_CHECK l4_status_t domain_start(struct domain *domain);

/* Ends the domain and takes all its memory back. */
void domain_end(struct domain *domain, enum domain_state state);

/* It failed: ends it, and builds it anew when the configuration says so. */
void domain_failed(struct domain *domain, const char *reason);

/* devmgr is a new one, and has reset what it drives: a domain that is off needs the same for its
 * dedicated devices, which may have outlived it. */
void domain_settle(struct domain *domain);

/* Those that had to wait for devmgr. */
void domains_resume(void);

/* --- mailbox.c ------------------------------------------------------------------------------- */

/* Asks the VMM; the answer, or the lack of one, comes to control_answer(). */
void mailbox_ask(struct domain *domain, uint32_t command);

/* The VMM has to open its sessions with these servers anew. */
void mailbox_reopen(struct domain *domain, uint32_t servers);

/* The VMM has rung: looks whether it has answered. */
void mailbox_rung(struct domain *domain);

/* Gives up on VMMs that are late. True: look again soon. */
bool mailbox_tick(uint64_t now);

/* --- control.c: the management port ---------------------------------------------------------- */

/* Opens the session with devmgr, if the board has a console device; after devmgr's restart again.
 */
void control_open(void);

/* devmgr has died: what was on its way is lost. */
void control_close(void);

/* Moves what can be moved. True: there is more to do soon. */
bool control_run(void);

/* A VMM has answered; status TIMEOUT: it has not. */
void control_answer(struct domain *domain, uint32_t command, l4_status_t status);

/* Tells the host of what happened; `reason` may be "". */
void control_event(const char *event, const struct domain *domain, const char *reason);

/* --- account.c ------------------------------------------------------------------------------- */

/* Memory in KiB. */
struct account {
    uint32_t total, free;
    uint32_t kernel, init, devmgr, net;
};
void account_system(struct account *account);

/* What a domain costs beyond its guest RAM. */
uint32_t account_overhead_kib(const struct domain *domain);

/* --- supervise.c ----------------------------------------------------------------------------- */

/* Answers requests and faults; never returns. */
_Noreturn void supervise(void);

#endif
