/*
 * What init gives a server at its start, and what a server may ask of init.
 *
 * Each server gets a read-only page, struct l4_start, whose address is the argument of l4_main();
 * it names the capabilities that init has put into the server's table. Names end with a NUL;
 * sizes are in bytes; a capability that is 0 was not given.
 */
#ifndef L4_PROTO_INIT_H
#define L4_PROTO_INIT_H

#include <assert.h>
#include <stdint.h>

#include <l4/abi/types.h>

#define L4_START_MAGIC 0x54525453u /* "STRT" */
#define L4_START_VERSION 1u

#define L4_START_NAME 32u
#define L4_START_BOOTARGS 1024u
#define L4_START_IMAGES 4u
#define L4_START_CLIENTS 16u
#define L4_START_DEVICES 8u

/* Fixed slots of every server's capability table; slots from l4_start.slot_first on are free. */
enum l4_start_slot {
    L4_START_NULL,
    L4_START_ASPACE,   /* own address space: CONTROL */
    L4_START_THREAD,   /* own thread: CONTROL */
    L4_START_ENDPOINT, /* own endpoint: RECV, SEND, SIGNAL, GRANT, COPY; badge 0 */
    L4_START_INIT,     /* init: SEND */
    L4_START_DEVMGR,   /* devmgr: SEND, SIGNAL, GRANT (not in devmgr itself) */
    L4_START_FIRST_OTHER,
};

enum l4_start_kind {
    L4_START_KIND_DEVMGR = 1,
    L4_START_KIND_VMM = 2,
};

/* --- VMM ----------------------------------------------------------------------------------- */

enum l4_image_role {
    L4_IMAGE_NONE,
    L4_IMAGE_KERNEL, /* in the format of l4_start_vmm.kernel_format */
    L4_IMAGE_INITRD,
    L4_IMAGE_ROM, /* read-only at guest physical 0 */
};

/* A verified image of the boot package: a region (READ, COPY), page aligned; `size` is exact, the
 * rest of the last page is unspecified. */
struct l4_start_image {
    uint32_t role; /* enum l4_image_role */
    l4_cap_t region;
    uint32_t size;
    uint32_t reserved;
};

enum l4_kernel_format {
    L4_KERNEL_NONE, /* only a ROM */
    L4_KERNEL_ZIMAGE,
    L4_KERNEL_ELF,
    L4_KERNEL_RAW, /* at load_address, entered there */
};

enum l4_restart_policy {
    L4_RESTART_NEVER, /* a guest that powers off, or whose VMM dies, stays off */
};

#define L4_VMM_PMU 1u /* the guest reads the real performance counters: make vCPUs with PMU */

struct l4_start_vmm {
    char name[L4_START_NAME]; /* the domain's */
    uint64_t ram_ipa;         /* guest RAM: guest physical address */
    uint64_t ram_size;
    l4_cap_t ram;  /* region, aligned to 2 MiB when as large; READ, WRITE, EXEC, COPY */
    l4_cap_t pool; /* original region for the guest's address space and vCPUs */
    uint32_t pool_size;
    l4_cap_t gicv; /* 8 KiB: the guest's CPU interface */
    uint32_t image_count;
    uint32_t kernel_format; /* enum l4_kernel_format */
    struct l4_start_image image[L4_START_IMAGES];
    uint64_t load_address; /* RAW: guest physical; 0 = start of RAM. ELF, zImage: 0 */
    uint32_t vcpus;
    uint32_t vcpu_priority; /* also the ceiling */
    uint32_t budget_us;     /* a vCPU's CPU time in each period; 0, 0 = no limit */
    uint32_t period_us;
    uint32_t flags;   /* L4_VMM_* */
    uint32_t restart; /* enum l4_restart_policy */
    /* Wall clock: seconds since 1970 when the kernel's clock (L4_SYSTEM_CLOCK) was 0; 0 = none. */
    uint64_t wall_clock_epoch;
    uint32_t timer_hz;
    uint32_t reserved[7];
    char bootargs[L4_START_BOOTARGS];
};

/* --- devmgr -------------------------------------------------------------------------------- */

struct l4_start_client {
    char name[L4_START_NAME];
    uint32_t badge;
    uint32_t reserved;
};

/* A part of the board's physical address space that is not RAM: what devmgr maps devices from. */
struct l4_start_device {
    uint64_t base;
    uint64_t size;
    l4_cap_t region;
    uint32_t reserved;
};

struct l4_start_devmgr {
    l4_cap_t system; /* CONTROL: for interrupts, and for output before the UART is its own */
    l4_cap_t dtb;    /* the board's device tree, page aligned, READ */
    uint32_t dtb_size;
    l4_cap_t pages; /* one page a client (READ, WRITE, COPY), for the sessions; original */
    uint32_t page_count;
    uint32_t client_count;
    uint32_t device_count;
    uint32_t reserved;
    struct l4_start_client client[L4_START_CLIENTS];
    struct l4_start_device device[L4_START_DEVICES];
};

/* --- The page ------------------------------------------------------------------------------ */

struct l4_start {
    uint32_t magic, version, size;
    uint32_t kind;        /* enum l4_start_kind: which member of the union */
    uint32_t slot_first;  /* first free slot */
    uint32_t slot_count;  /* slots of the table */
    uint32_t window_base; /* addresses that nothing is mapped at */
    uint32_t window_size;
    union {
        struct l4_start_vmm vmm;
        struct l4_start_devmgr devmgr;
    };
};

static_assert(sizeof(struct l4_start) <= L4_PAGE_SIZE, "protocol");

/* --- Requests to init ---------------------------------------------------------------------- */

/* Calls through L4_START_INIT; the badge (l4/proto/devmgr.h) tells who asks. Reply: w0 = status. */
enum l4_init_label {
    /* The guest has begun to run. */
    INIT_GUEST_STARTED = 1,
    /* The guest is off for good. w0 = enum l4_off_reason, w1 = l4_status_t for FAILED. When all
     * guests are off, init ends the machine. */
    INIT_GUEST_OFF = 2,
};

enum l4_off_reason {
    L4_OFF_POWER,  /* the guest asked for it */
    L4_OFF_FAILED, /* the VMM could not start or go on with it; it has logged why */
};

#endif
