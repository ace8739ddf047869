/*
 * The guest as a process keeps it: the capabilities and mappings that init gave for it, its virtual
 * machine, its console.
 */
#ifndef VMM_GUEST_H
#define VMM_GUEST_H

#include <l4/base/window.h>
#include <l4/console.h>
#include <l4/proto/init.h>
#include <l4/slots.h>
#include <vmm/boot.h>
#include <vmm/virtio_console.h>
#include <vmm/virtio_net.h>
#include <vmm/virtio_rng.h>
#include <vmm/virtio_vsock.h>
#include <vmm/vm.h>

#include "guest_dedicated.h"
#include "guest_disk.h"
#include "guest_session.h"
#include "vcpu_l4.h"

#define BADGE_VCPU_0 0x100u /* vCPU n exits with badge BADGE_VCPU_0 + n */

struct guest_rng {
    struct virtio_rng rng;
    struct guest_session session;
    struct l4_console source;
};

struct guest_port {
    struct virtio_net net;
    struct guest_session session;
};
#define GUEST_PORTS VIRTIO_SLOTS

struct guest_hvc {
    struct virtio_console console;
    struct guest_session session;
};

struct guest_channel {
    struct guest_session session;
    l4_cap_t share; /* mapped into the guest: what its mapping is made of */
    uint32_t port;  /* a port of the vsock device: its index there */
};

struct guest {
    const struct l4_start_vmm *config;
    struct l4_slots slots;
    struct l4_window window;
    l4_cap_t aspace;
    l4_cap_t ram; /* the VMM's share */
    struct l4_vm_control *control;
    uint32_t answered; /* the last `asked` that was obeyed */
    enum l4_vm_state run;
    bool resetting;                  /* a reset waits for a device that is not quiet */
    uint32_t resets;                 /* of the guest */
    uint64_t paused_at, time_offset; /* ticks of the counter */
    struct l4_console console;       /* the serial port */
    struct guest_session console_session;
    struct guest_disk disk[GUEST_DISKS];
    struct guest_rng rng;
    struct guest_dedicated dedicated[GUEST_DEDICATED];
    struct boot_device dedicated_node[GUEST_DEDICATED];
    struct guest_port port[GUEST_PORTS];
    struct guest_hvc hvc;
    struct guest_channel channel[L4_START_VM_CHANNELS];
    struct virtio_vsock vsock;
    struct boot_channel mapped[L4_START_VM_CHANNELS]; /* for the guest's tree */
    uint64_t epoch;
    struct boot_config boot;
    struct vcpus_l4 vcpus;
    struct vm vm;
    uint8_t scratch[BOOT_DTB_MAX]; /* the device tree before it is placed */
};

/* Takes over what the start page names and builds the guest, stopped. Logs why it fails. */
L4_MUST_CHECK l4_status_t guest_create(struct guest *guest, const struct l4_start *start);

/* Loads the images anew and puts vCPU 0 at the entry; it is stopped or in an exit. */
L4_MUST_CHECK l4_status_t guest_boot(struct guest *guest);

/* The guest's reset, by vCPU `cpu` in its exit, which may be answered then; unless
 * guest->resetting: guest_reset_go_on() does the rest when the last request for guest RAM has
 * ended. */
L4_MUST_CHECK l4_status_t guest_reset(struct guest *guest, uint32_t cpu);

/* After the doorbells: ends a reset that could not be done at once. */
L4_MUST_CHECK l4_status_t guest_reset_go_on(struct guest *guest);

/* Lets a stopped vCPU run, unless the guest is paused. */
L4_MUST_CHECK l4_status_t guest_run(struct guest *guest, uint32_t cpu);

/* Starts a vCPU that is off where CPU_ON says. */
L4_MUST_CHECK l4_status_t guest_cpu_on(struct guest *guest, const struct power_call *call);

/* Stops one vCPU, or all. */
void guest_cpu_stop(struct guest *guest, uint32_t cpu);
void guest_stop(struct guest *guest);

/* What the guest has by sessions: one entry in the table of guest_devices.c for each kind. */
struct guest_kind {
    const char *name;
    /* Opens the sessions, adds the devices; vm_init() has been called. Logs what went wrong. */
    l4_status_t (*create)(struct guest *guest);
    uint32_t bits; /* its doorbells */
    void (*signal)(struct guest *guest, uint32_t bits);
    /* L4_VM_DEVMGR or L4_VM_NET, and what happens after its restart: the status is that of the
     * first session that could not be opened again. */
    uint32_t server;
    l4_status_t (*reopen)(struct guest *guest);
};

extern const struct guest_kind guest_uart, guest_disks, guest_ports, guest_hvc, guest_entropy;
extern const struct guest_kind guest_channels, guest_dedicated;

/* Puts a virtio device into the next slot; sets its counters. `number` is appended to the name. */
#define GUEST_ONLY_ONE 0xffffffffu
L4_MUST_CHECK l4_status_t guest_virtio_add(struct guest *guest, struct virtio *virtio,
                                           const char *name, uint32_t number);

/* All kinds. */
L4_MUST_CHECK l4_status_t guest_devices_create(struct guest *guest);
void guest_devices_signal(struct guest *guest, uint32_t bits);
L4_MUST_CHECK l4_status_t guest_devices_reopen(struct guest *guest, uint32_t servers);

/* The dedicated devices that may write to guest RAM stop doing so: at once, or, while devmgr is
 * being restarted, when it has given them again. */
void guest_dedicated_reset(struct guest *guest);
bool guest_dedicated_quiet(const struct guest *guest);

/* True when a disk has requests of which nobody will hear any more. Whether the device still works
 * on them only devmgr knows, and so init when it ends the domain. */
bool guest_disks_dead(const struct guest *guest);

/* guest_control.c: L4_CONTROL_BIT has come. */
void guest_control(struct guest *guest);

/* guest_channel.c: the guest rings channel n (of vm.limits.channels); and the guest was reset: the
 * channels that it has mapped are closed in its name. */
void guest_channel_notify(struct guest *guest, uint32_t n);
void guest_channels_reset(struct guest *guest);

/* guest_console.c: the ports of the serial port and the clock. */
struct pl011_port guest_console_port(struct guest *guest);
struct pl031_port guest_clock_port(struct guest *guest);

#endif
