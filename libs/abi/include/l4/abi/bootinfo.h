/*
 * struct l4_bootinfo: what boot/ tells the kernel. struct l4_rootinfo: what the kernel tells init.
 *
 * boot/ parses the device tree and the FIT; the kernel only believes these plain structures (they
 * come from the root of trust). Physical addresses are 64-bit, sizes in bytes, all page aligned.
 */
#ifndef L4_ABI_BOOTINFO_H
#define L4_ABI_BOOTINFO_H

#include <assert.h>
#include <stdint.h>

#include <l4/abi/types.h>

#define L4_BOOTINFO_MAGIC 0x4e434550u /* "PECN" */
#define L4_BOOTINFO_VERSION 1u
#define L4_BOOT_RANGES 12u
#define L4_BOOT_SEGMENTS 6u
#define L4_ROOT_REGIONS 32u

struct l4_boot_range {
    uint64_t base;
    uint64_t size;
};

/* One loaded segment of init: memory is placed, zero-filled and page aligned. */
struct l4_boot_segment {
    uint64_t pa;
    uint32_t va;
    uint32_t size;
    uint32_t flags; /* L4_MAP_* */
    uint32_t reserved;
};

/*
 * In r0 at kernel entry: HYP mode, MMU and data cache off or on with an identity map, interrupts
 * masked. `ram` lists memory that nobody uses: kernel image, init's segments, the FIT, the board's
 * device tree and this structure lie outside of it. The kernel copies the structure before it uses
 * any of `ram`.
 */
struct l4_bootinfo {
    uint32_t magic, version, size;
    uint32_t cpus;
    struct l4_boot_range ram[L4_BOOT_RANGES];
    uint32_t ram_count;
    uint32_t segment_count;
    struct l4_boot_segment segment[L4_BOOT_SEGMENTS]; /* init */
    uint32_t init_entry;
    uint32_t init_stack_top;   /* inside one of the segments */
    struct l4_boot_range pool; /* at least 64 KiB for init's own kernel objects; not in `ram` */
    struct l4_boot_range fit;  /* the package, as loaded */
    struct l4_boot_range dtb;  /* the board's device tree */
    struct l4_boot_range all_ram[L4_BOOT_RANGES]; /* every RAM range of the board */
    uint32_t all_ram_count;
    uint32_t uart_irq;
    uint64_t gicd, gicc, gich, gicv; /* page bases; gicv is 8 KiB */
    uint64_t uart;                   /* PL011 for the kernel's own output */
    uint32_t psci_smc;               /* 1: PSCI by SMC is there (0x84000000 calls) */
    uint32_t timer_irq_virtual, timer_irq_hyp, maintenance_irq; /* INTIDs */
    uint32_t semihosting; /* 1: emulator exit by semihosting allowed */
    uint32_t reserved[7];
};

/* Fixed slots of init's capability table. */
enum l4_root_slot {
    L4_ROOT_NULL,
    L4_ROOT_ASPACE,
    L4_ROOT_THREAD,
    L4_ROOT_SYSTEM,
    L4_ROOT_FIRST_REGION, /* one a rootinfo region, in order; free slots follow */
};

enum l4_root_region_kind {
    L4_ROOT_RAM,    /* free memory */
    L4_ROOT_FIT,    /* the package; RAM, original */
    L4_ROOT_DTB,    /* the board's device tree; RAM, original */
    L4_ROOT_DEVICE, /* everything that is not RAM and not the kernel's */
    L4_ROOT_GICV,   /* the guests' CPU interface, 8 KiB: to be mapped into guests only */
    L4_ROOT_IMAGE,  /* a segment of init, mapped already */
};

struct l4_root_region {
    uint64_t base;
    uint64_t size;
    uint32_t kind;
    l4_cap_t cap;
};

/* In r0 at init's entry: the address of this structure, read-only. r1 = its message buffer's. */
struct l4_rootinfo {
    uint32_t magic, version, size;
    uint32_t cpus;
    uint32_t region_count;
    uint32_t slot_first_free; /* first unused slot */
    uint32_t slot_count;
    uint32_t timer_hz;
    struct l4_root_region region[L4_ROOT_REGIONS];
    uint64_t uart;
    uint32_t uart_irq;
    uint32_t fit_size; /* exact, not rounded */
    uint32_t dtb_size;
    uint32_t semihosting;
};

/* Where init finds them: the two pages below this address. */
#define L4_ROOTINFO_VA 0xefff0000u
#define L4_ROOT_MSGBUF_VA 0xefff1000u

static_assert(sizeof(struct l4_boot_segment) == 24, "ABI");
static_assert(sizeof(struct l4_root_region) == 24, "ABI");
static_assert(sizeof(struct l4_rootinfo) <= L4_PAGE_SIZE, "ABI");

#endif
