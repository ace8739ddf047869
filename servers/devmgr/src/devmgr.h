/*
 * devmgr: private interfaces. One thread, one struct devmgr.
 */
#ifndef DEVMGR_H
#define DEVMGR_H

#include <stdbool.h>
#include <stdint.h>

#include <devmgr/disk.h>
#include <devmgr/entropy.h>
#include <devmgr/mux.h>
#include <devmgr/nic.h>
#include <devmgr/pl011.h>
#include <devmgr/vcon.h>
#include <l4/base/window.h>
#include <l4/ipc.h>
#include <l4/proto/devmgr.h>
#include <l4/proto/init.h>
#include <l4/proto/session.h>
#include <l4/slots.h>

/* Signal bits of devmgr's endpoint. Clients may raise any of them: none is believed. */
#define SIGNAL_UART 1u
#define SIGNAL_CONSOLES 2u /* consoles and the management port */
#define SIGNAL_ENTROPY 4u
#define SIGNAL_NICS 8u
#define SIGNAL_DEVICE(n) (0x10u << (n)) /* interrupts of the virtio devices */
#define SIGNAL_DISK(n) (0x10000u << (n))
#define SIGNAL_DEVICES_SHIFT 4u
#define SIGNAL_DISKS_SHIFT 16u

#define DEVICES_MAX 12u /* virtio devices that devmgr drives */
#define BLKS_MAX 4u

/* A log line whose caller waits for room in the queue. */
struct waiting_line {
    l4_cap_t reply;  /* 0: none waits */
    uint32_t number; /* of the latest line, waiting or not; 0: it had none */
    uint32_t length;
    char text[DEVMGR_LOG_MAX];
};

struct client {
    uint32_t badge;
    const char *name;
    char prefix[L4_START_NAME + 8];   /* of its log lines */
    char hvc_name[L4_START_NAME + 8]; /* of its virtio console */
    struct waiting_line line;
    l4_cap_t ram;            /* DEVMGR_CLIENT_RAM; 0: not given */
    l4_cap_t gone_reply;     /* init waits until nothing of the client's is in use; 0: not */
    uint64_t gone_ns;        /* since when */
    l4_status_t gone_status; /* what init will be told */
};

#define CLIENTS_MAX (L4_START_CLIENTS + 1u) /* ipc-net is one too */

/* A thing that a client can open. */
struct session {
    uint32_t badge;
    uint32_t kind; /* enum l4_session_kind */
    uint32_t number;
    uint32_t index;    /* in the table of its kind */
    uint32_t signal;   /* bits of devmgr's doorbell */
    l4_cap_t memory;   /* what the client has a share of. 0: there was no memory for it */
    struct dma page;   /* the same, mapped here */
    l4_cap_t doorbell; /* 0: not open */
    uint32_t bits;
};

#define SESSIONS_MAX (3u * L4_START_CLIENTS + L4_START_DISKS + L4_START_NICS + 1u)

struct device {
    struct virtio *dev;
    uint32_t type;  /* enum virtio_type */
    uint32_t index; /* in the table of its type */
    uint64_t base;  /* physical address of its registers */
    l4_cap_t irq;
    bool told; /* its failure has been logged */
};

struct devmgr {
    const struct l4_start_devmgr *start;
    struct l4_slots slots;
    struct l4_window window;
    struct pl011 uart;
    l4_cap_t uart_irq;
    bool input_held; /* a byte that mux_input() had no room for */
    uint8_t held;
    uint64_t held_ns;     /* since when nothing moves for it; 0: it does */
    bool has_clock;       /* there is a PL031 */
    uint64_t clock_epoch; /* what it would have said when the kernel's clock was 0 */
    struct mux mux;
    uint32_t client_count;
    struct client client[CLIENTS_MAX];
    uint32_t session_count;
    struct session session[SESSIONS_MAX];
    struct waiting_line init_line;
    uint32_t line_turn;       /* client whose waiting line is next */
    uint32_t poll_us;         /* look for output again so soon, without a doorbell; 0: it rings */
    uint64_t poll_ns;         /* ... and that is when */
    l4_cap_t flush_reply;     /* init waits until all is written; 0: not */
    l4_cap_t offer;           /* free slot offered for a received capability */
    uint32_t console_signals; /* after which console_run() is due */
    bool quiet_due;           /* init has still to hear INIT_DEVICES_QUIET */

    uint32_t device_count;
    struct device device[DEVICES_MAX];
    uint32_t blk_count;
    struct blk blk[BLKS_MAX];
    uint32_t blk_device[BLKS_MAX]; /* index into device[] */
    struct disks disks;
    struct entropy entropy;
    struct nic nic[L4_START_NICS];
    struct vcon vcon;
};

extern struct devmgr devmgr;

/* --- main.c -------------------------------------------------------------------------------------
 */

/* A failure at the start: said on the kernel's UART, then devmgr ends; init reports it. */
_Noreturn void devmgr_fail(const char *what, l4_status_t status);

/* --- slots.c ------------------------------------------------------------------------------------
 */

l4_cap_t devmgr_slot(void);

/* Empties a slot and gives it back; 0 is ignored. */
void devmgr_drop(l4_cap_t *slot);

/* Keeps the reply to the present caller; 0: it could not be kept. */
l4_cap_t devmgr_keep_reply(void);
void devmgr_answer(l4_cap_t *reply, l4_status_t status);

/* --- memory.c: what init gave for sessions and queues -------------------------------------------
 */

void memory_init(const struct l4_start_devmgr *start);

/* `size` bytes, in whole pages, wiped, contiguous, mapped; *region: READ, WRITE, INFO, COPY.
 * Errors: NO_MEMORY. */
L4_MUST_CHECK l4_status_t memory_take(uint32_t size, struct dma *memory, l4_cap_t *region);

/* --- board.c: the board's device tree, registers, UART and clock --------------------------------
 */

void board_find(const struct l4_start_devmgr *start);
const void *board_dtb(void);

/* The registers at `pa`, mapped. Errors: NOT_FOUND (init has given no such device), NO_MEMORY. */
L4_MUST_CHECK l4_status_t board_registers(uint64_t pa, uintptr_t *address);

/* The region that holds [pa, pa + size); NULL: init has given none. */
const struct l4_start_device *board_region(uint64_t pa, uint64_t size);

/* True when the node's DMA sees the processor's caches. */
bool board_is_coherent(int node);

/* True when devmgr itself uses registers in [pa, pa + size). */
bool board_needs(uint64_t pa, uint64_t size);

/* --- devices.c: virtio devices ------------------------------------------------------------------
 */

/* Resets every virtio device that nobody was granted, then starts those that sessions need. */
void devices_find(void);

/* What the signals ask for: doorbells of sessions and interrupts of devices. */
void devices_signal(uint32_t bits);

/* Resets the block devices that still hold requests of the disks in `owners`, a bit each. False: a
 * device could not be reset and may still use their memory. */
bool devices_forget(uint32_t owners);

/* --- console.c: moving bytes and lines ----------------------------------------------------------
 */

/* Moves everything that can be moved, in both directions, and arms the interrupts for the rest, and
 * the doorbells or devmgr.poll_us for what is still to come. */
void console_run(void);

/* Is it time to look again, without a doorbell? Then console_run(). */
bool console_due(void);

/* How long until then; L4_TIMEOUT_NEVER: a doorbell or an interrupt will tell. */
uint32_t console_wait_us(void);

/* Queues a log line of the present caller. False: it must wait; its reply has been kept. A number
 * other than 0 that is the latest line's: the caller sends that again, having waited too long. */
bool console_log(struct waiting_line *waiting, const char *prefix, const char *text,
                 uint32_t length, uint32_t number);

/* --- ports.c: consoles and management on the console device's ports -----------------------------
 */

/* Names the ports, before the device is started. */
void ports_name(void);

void ports_control_open(struct l4_console_page *page);
void ports_control_close(void);

/* Moves bytes between consoles or the management session and their ports. True: some moved. */
bool ports_move(void);

/* Before sleeping. False: there is more now. */
bool ports_sleep(void);

/* True when init waits for what has been done at the management session. */
bool ports_control_bell(void);

/* --- grant.c: dedicated devices -----------------------------------------------------------------
 */

/* True when [pa, pa + size) shares a page with a device that a client gets whole. */
bool grant_covers(uint64_t pa, uint64_t size);

/* Checks the grants against the board's device tree; says which cannot be given. */
void grant_init(void);

/* DEVMGR_DEVICE; fills the reply. */
void grant_request(uint32_t badge, struct l4_msg *msg);

/* Takes back what the client has. False: a device could not be stopped. */
bool grant_take_back(uint32_t badge);

/* --- client.c -----------------------------------------------------------------------------------
 */

/* Fills client[], and names the consoles: client n's serial one is number n of the multiplexer. */
void client_init(const struct l4_start_devmgr *start);

/* NULL: no such client. */
struct client *client_of(uint32_t badge);

/* DEVMGR_CLIENT_RAM; fills the reply. */
void client_ram(struct l4_msg *msg);

/* DEVMGR_CLIENT_GONE. True: *msg is the reply; false: it comes later. */
bool client_gone(struct l4_msg *msg);

/* Answers those that init waits for and of which nothing is in use any more. True: some are left,
 * look again soon. */
bool client_poll(void);

/* --- session.c ----------------------------------------------------------------------------------
 */

/* The serial consoles, which every client has; devmgr ends when there is no memory for them. */
void session_add_consoles(void);

/* All others that the start page lists, after the devices have been found. */
void session_add_others(void);

/* L4_SESSION_OPEN; fills the reply. */
void session_open(uint32_t badge, struct l4_msg *msg);
void session_end(struct session *session);

void session_ring(const struct session *session);
/* The open session of that kind and index in its table, if any: its doorbell is rung. */
void session_ring_index(uint32_t kind, uint32_t index);

#endif
