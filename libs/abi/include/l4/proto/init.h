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
#define L4_START_VERSION 2u

#define L4_START_NAME 32u
#define L4_START_BOOTARGS 1024u
#define L4_START_IMAGES 4u
#define L4_START_CLIENTS 16u
#define L4_START_DEVICES 8u
#define L4_START_DISKS 16u
#define L4_START_GRANTS 16u
#define L4_START_NICS 4u
#define L4_START_PORTS 24u
#define L4_START_CHANNELS 24u
#define L4_START_VM_CHANNELS 8u

/* Fixed slots of every server's capability table; slots from l4_start.slot_first on are free. */
enum l4_start_slot {
    L4_START_NULL,
    L4_START_ASPACE,   /* own address space: CONTROL */
    L4_START_THREAD,   /* own thread: CONTROL */
    L4_START_ENDPOINT, /* own endpoint: RECV, SEND, SIGNAL, GRANT, COPY; badge 0 */
    L4_START_INIT,     /* init: SEND, SIGNAL */
    L4_START_DEVMGR,   /* devmgr: SEND, SIGNAL, GRANT (not in devmgr itself) */
    L4_START_NET,      /* ipc-net: SEND, SIGNAL, GRANT (VMMs with ports or channels) */
    L4_START_FIRST_OTHER,
};

enum l4_start_kind {
    L4_START_KIND_DEVMGR = 1,
    L4_START_KIND_VMM = 2,
    L4_START_KIND_NET = 3,
};

/* --- Control ------------------------------------------------------------------------------- */

/*
 * A page that init shares with each VMM. init writes a command and then `asked`, and rings
 * L4_CONTROL_BIT at the VMM's endpoint; the VMM obeys, fills in the rest, sets `answered` to the
 * `asked` it saw, and signals its bit (l4_start_vmm.control_bit) through L4_START_INIT. So neither
 * ever waits for the other; init gives up on a VMM that does not answer.
 */
#define L4_CONTROL_BIT 0x80000000u

enum l4_vm_command {
    L4_VM_REPORT, /* bring the counters up to date */
    L4_VM_PAUSE,  /* the guest stops, its virtual time with it */
    L4_VM_RESUME,
    /* L4_VM_DEVMGR, L4_VM_NET: this server was restarted. Call INIT_REOPEN, then open the sessions
     * anew; the status is that of the first that failed (init asks again). Until then the old
     * sessions' memory is gone: what is read there is zero, what is written goes nowhere. */
    L4_VM_REOPEN,
};
#define L4_VM_DEVMGR 1u
#define L4_VM_NET 2u

enum l4_vm_state {
    L4_VM_STATE_BOOTING,
    L4_VM_STATE_RUNNING,
    L4_VM_STATE_PAUSED,
    L4_VM_STATE_OFF,
};

#define L4_VM_EXITS 16u  /* by label, from L4_EXIT_FIRST */
#define L4_VM_DEVICES 8u /* virtio devices */
#define L4_VM_DEVICE_NAME 12u

struct l4_vm_device {
    char name[L4_VM_DEVICE_NAME]; /* "disk0", "net0", "console", "rng", "vsock" */
    uint32_t kicks;               /* notifications by the guest */
    uint32_t requests;            /* buffers used */
    uint32_t interrupts;
    uint32_t errors;               /* malformed rings */
    uint64_t bytes_from, bytes_to; /* from and to the guest */
};

struct l4_vm_control {
    /* Written by init. */
    uint32_t asked; /* counts the commands */
    uint32_t command;
    uint32_t argument;
    uint32_t reserved;
    /* Written by the VMM. */
    uint32_t answered;
    int32_t status;   /* of the command */
    uint32_t state;   /* enum l4_vm_state */
    uint32_t resets;  /* of the guest */
    uint64_t vcpu_ns; /* processor time of all vCPUs */
    uint32_t virqs;   /* interrupts injected */
    uint32_t device_count;
    uint32_t exits[L4_VM_EXITS];
    struct l4_vm_device device[L4_VM_DEVICES];
};

static_assert(sizeof(struct l4_vm_control) <= L4_PAGE_SIZE, "protocol");

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
    L4_RESTART_NEVER,      /* a guest that powers off, or whose VMM dies, stays off */
    L4_RESTART_ON_FAILURE, /* init builds it anew when it failed, within a limit */
};

#define L4_VMM_PMU 1u     /* the guest reads the real performance counters: make vCPUs with PMU */
#define L4_VMM_CONSOLE 2u /* it has a virtio console */
#define L4_VMM_ENTROPY 4u /* it has a virtio entropy source */

/* A channel, by its number (L4_SESSION_CHANNEL). */
#define L4_CHANNEL_MEMORY 1u /* mapped into the guest; else a vsock port of the host's */
struct l4_start_vm_channel {
    char peer[L4_START_NAME]; /* the other guest */
    uint32_t port;  /* vsock port at CID 2; also the channel's number in the guest's tree */
    uint32_t flags; /* L4_CHANNEL_MEMORY */
};

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
    l4_cap_t control;     /* one page (READ, WRITE): struct l4_vm_control */
    uint32_t control_bit; /* through L4_START_INIT */
    uint32_t disk_count;  /* sessions of each kind; numbers from 0 */
    uint32_t port_count;
    uint32_t device_count; /* dedicated devices: DEVMGR_DEVICE */
    uint32_t channel_count;
    uint32_t reserved;
    char bootargs[L4_START_BOOTARGS];
    struct l4_start_vm_channel channel[L4_START_VM_CHANNELS];
};

/* --- devmgr -------------------------------------------------------------------------------- */

#define L4_CLIENT_CONSOLE 1u /* has a virtio console beside the serial port */
#define L4_CLIENT_ENTROPY 2u
struct l4_start_client {
    char name[L4_START_NAME];
    uint32_t badge;
    uint32_t flags; /* L4_CLIENT_* */
};

/* A disk of a client: the n-th entry with its badge is its disk n. */
struct l4_start_disk {
    uint32_t badge;
    uint32_t flags;   /* L4_DISK_READ_ONLY (l4/proto/disk.h) */
    uint64_t device;  /* physical address of the block device's registers */
    uint64_t first;   /* in sectors of 512 bytes */
    uint64_t sectors; /* 0: to the end of the device */
    char label[24];
};

/* A device that a client gets whole: DEVMGR_DEVICE. devmgr keeps its hands off it. */
struct l4_start_grant {
    uint32_t badge;
    uint32_t flags;
    uint64_t base; /* physical address of its registers, as in the board's device tree */
};

/* A real network device for ipc-net: its L4_SESSION_NIC n. */
struct l4_start_nic {
    uint64_t device;
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
    l4_cap_t pages;      /* memory of the sessions and of the devices' queues; original, with DMA */
    uint32_t page_count; /* l4_devmgr_pages(); with less, devmgr says which device it gives up */
    uint32_t client_count;
    uint32_t device_count;
    uint32_t disk_count;
    uint32_t grant_count;
    uint32_t nic_count;
    struct l4_start_client client[L4_START_CLIENTS];
    struct l4_start_device device[L4_START_DEVICES];
    struct l4_start_disk disk[L4_START_DISKS];
    struct l4_start_grant grant[L4_START_GRANTS];
    struct l4_start_nic nic[L4_START_NICS];
};

/*
 * Pages that devmgr needs for what its start page lists. Sessions: one each for every client's
 * console, virtio console and entropy, each disk and the management port, 13 for a NIC
 * (L4_NET_BYTES). Queues: two for each block device, one for each NIC, one for the entropy device,
 * and for the console device three and one more for every client (two ports).
 */
#define L4_DEVMGR_SLOTS 320u /* of its capability table, at most */
#define L4_DEVMGR_NIC_PAGES (13u + 1u)
#define L4_DEVMGR_PAGES_FIXED (1u + 1u + 3u) /* management session; entropy and console queues */
static inline uint32_t l4_devmgr_pages(const struct l4_start_devmgr *start)
{
    uint32_t pages = L4_DEVMGR_PAGES_FIXED + start->nic_count * L4_DEVMGR_NIC_PAGES;
    for (uint32_t i = 0; i < start->client_count && i < L4_START_CLIENTS; i++) {
        pages += 2u + ((start->client[i].flags & L4_CLIENT_CONSOLE) != 0) +
                 ((start->client[i].flags & L4_CLIENT_ENTROPY) != 0);
    }
    for (uint32_t i = 0; i < start->disk_count && i < L4_START_DISKS; i++) {
        uint32_t first = 0;
        while (start->disk[first].device != start->disk[i].device) {
            first++;
        }
        pages += 1u + (first == i ? 2u : 0u);
    }
    return pages;
}

/* --- ipc-net ------------------------------------------------------------------------------- */

/* A port of a switch. The n-th entry with a badge is that client's L4_SESSION_PORT n; an entry with
 * badge L4_BADGE_NET is an uplink: the n-th such is devmgr's L4_SESSION_NIC n. */
struct l4_start_port {
    uint32_t badge;
    uint32_t network;       /* ports of one switch have the same number */
    uint32_t peers;         /* one bit an entry of this table: whom it may talk to */
    uint32_t rate_kbps;     /* of frames from the client; 0 = no limit */
    uint32_t broadcast_pps; /* broadcast and multicast frames from the client; 0 = no limit */
    uint8_t mac[6];
    uint8_t flags; /* L4_PORT_* */
    uint8_t reserved;
};
#define L4_PORT_ANY_MAC 1u /* may send under other source addresses (an uplink, a bridge) */

/* A channel: end n belongs to badge[n]. The n-th end with a badge, in the order of this table, is
 * that client's L4_SESSION_CHANNEL n. */
struct l4_start_channel {
    uint32_t badge[2];
    uint32_t size; /* of each ring, L4_CHANNEL_SIZE_MIN.._MAX */
    uint32_t reserved;
};

struct l4_start_net {
    /* Memory of the sessions; original. Pages: L4_NET_BYTES of each port that is not an uplink
     * (13), L4_CHANNEL_BYTES(size) of each channel. Slots that ipc-net needs in its table: 8, 3 for
     * each port and 6 for each channel. Its window: 64 KiB for each port and channel. */
    l4_cap_t pages;
    uint32_t page_count;
    l4_cap_t counters;      /* one page or more (READ, WRITE): struct l4_net_counters[] */
    uint32_t counters_size; /* of that region */
    uint32_t port_count;
    uint32_t channel_count;
    uint32_t reserved[2];
    struct l4_start_port port[L4_START_PORTS];
    struct l4_start_channel channel[L4_START_CHANNELS];
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
        struct l4_start_net net;
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
    /* From devmgr, sent and not called: every device that it drives has been reset; what an earlier
     * devmgr used for DMA may be used for something else. */
    INIT_DEVICES_QUIET = 3,
    /* Before sessions with a restarted server are opened anew: the pages of zeros that stood in for
     * their memory go away. The old memory is not touched any more. */
    INIT_REOPEN = 4,
};

/* Signal bits of init's endpoint: VMM n's answer is bit n (l4_start_vmm.control_bit). */
#define L4_INIT_SIGNAL_CONTROL 0x80000000u /* devmgr's doorbell for the management port */

enum l4_off_reason {
    L4_OFF_POWER,  /* the guest asked for it */
    L4_OFF_FAILED, /* the VMM could not start or go on with it; it has logged why */
};

#endif
