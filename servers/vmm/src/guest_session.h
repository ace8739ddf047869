/*
 * The VMM's sessions with devmgr and ipc-net, each with what it takes to open it again when its
 * server was restarted (L4_VM_REOPEN), and the doorbells by which the servers call.
 */
#ifndef VMM_GUEST_SESSION_H
#define VMM_GUEST_SESSION_H

#include <stdbool.h>

#include <l4/base/window.h>
#include <l4/console.h>
#include <l4/session.h>
#include <l4/slots.h>

/* Signal bits of the VMM's own endpoint; bit 31 is L4_CONTROL_BIT. At most eight of each kind: a
 * guest has eight virtio slots, and L4_START_VM_CHANNELS channels. */
#define CONSOLE_BIT 0x00000001u
#define HVC_BIT 0x00000002u /* the virtio console */
#define ENTROPY_BIT 0x00000004u
#define DISK_BIT(n) (0x00000010u << (n))
#define PORT_BIT(n) (0x00001000u << (n))
#define CHANNEL_BIT(n) (0x00100000u << (n))

struct guest_session {
    struct l4_session session; /* valid while open, unless `console` has it */
    struct l4_console *console;
    struct l4_session_offer offer;
    const char *name; /* for the log: "disk" */
    bool open;
};

/* Takes a slot and offer->window bytes of addresses, opens the session and logs why it fails. Of
 * `offer` the doorbell, slot and address are filled in here. `console`: for sessions with a struct
 * l4_console_page, opened into it; else NULL. */
L4_MUST_CHECK l4_status_t guest_session_open(struct guest_session *s, struct l4_slots *slots,
                                             struct l4_window *addresses, const char *name,
                                             const struct l4_session_offer *offer,
                                             struct l4_console *console);

/* Opens it again, in the same place; the old memory is unmapped even when that fails. */
L4_MUST_CHECK l4_status_t guest_session_reopen(struct guest_session *s);

/*
 * How long the VMM waits for a server's answer. While the guest is built nothing but it waits, so
 * only a server that hangs fails it. When sessions are opened again, the guest's exits wait: a
 * server that is late there is hardly waited for again in the same round, and init, which hears
 * TIMEOUT, begins another. Two servers that hang keep a round below the two seconds that init gives
 * it (l4/proto/init.h).
 */
#define SERVER_CREATE_US 10000000u
#define SERVER_AGAIN_US 800000u
#define SERVER_LATE_US 1u

/* A round begins: every server gets so long for its answers. */
void guest_server_round(uint32_t timeout_us);

/* The time-out of a call to `server` (its slot) now, and the status that the call ended with. */
uint32_t guest_server_us(l4_cap_t server);
void guest_server_heard(l4_cap_t server, l4_status_t status);

#endif
