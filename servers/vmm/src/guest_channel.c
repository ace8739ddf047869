/*
 * The guest's channels, over sessions with ipc-net: mapped into the guest, or as ports of its
 * virtio-vsock device. See docs/book/devices.md.
 */
#include <l4/cap.h>
#include <l4/memory.h>

#include "guest.h"

static bool in_memory(const struct guest *guest, uint32_t n)
{
    return (guest->config->channel[n].flags & L4_CHANNEL_MEMORY) != 0;
}

static void channel_bell(void *context)
{
    const struct guest_channel *channel = context;
    l4_session_kick(&channel->session.session);
}

/* --- Mapped into the guest ----------------------------------------------------------------- */

/* A share of its own for the guest's mapping: one capability has one. */
static l4_status_t channel_map(struct guest *guest, uint32_t n)
{
    struct guest_channel *channel = &guest->channel[n];
    const struct l4_session *session = &channel->session.session;
    l4_status_t status = l4_region_share(session->memory, 0, session->size, channel->share,
                                         L4_RIGHT_READ | L4_RIGHT_WRITE);
    return status != L4_OK ? status
                           : l4_aspace_map(guest->aspace, channel->share, PECAN_CHANNEL_BASE(n),
                                           L4_MAP_READ | L4_MAP_WRITE);
}

/* For the guest's device tree. */
static void channel_tell(struct guest *guest, uint32_t n)
{
    const struct l4_session *session = &guest->channel[n].session.session;
    struct boot_devices *devices = &guest->boot.devices;
    guest->mapped[devices->channel_count++] =
        (struct boot_channel){.base = PECAN_CHANNEL_BASE(n),
                              .size = session->size,
                              .irq = PECAN_CHANNEL_INTID(n),
                              .number = n,
                              .end = session->extra,
                              .port = guest->config->channel[n].port,
                              .peer = guest->config->channel[n].peer};
    devices->channel = guest->mapped;
}

/* What answers where no channel is mapped: nothing, but while ipc-net is being restarted a guest
 * that looks at its channel must not take an abort. */
static l4_status_t nothing_read(void *state, struct mmio *access)
{
    (void)state;
    access->value = 0;
    return L4_OK;
}

static l4_status_t nothing_write(void *state, struct mmio *access)
{
    (void)state;
    (void)access;
    return L4_OK;
}

static const struct device_ops nothing_ops = {nothing_read, nothing_write};

static l4_status_t window_create(struct guest *guest)
{
    return guest->vm.limits.channels != 0
               ? L4_OK
               : bus_attach(&guest->vm.bus, PECAN_CHANNEL_BASE(0),
                            PECAN_CHANNEL_BASE(PECAN_CHANNELS) - PECAN_CHANNEL_BASE(0),
                            &nothing_ops, NULL);
}

static l4_status_t memory_create(struct guest *guest, uint32_t n)
{
    l4_status_t status = l4_slots_take(&guest->slots, &guest->channel[n].share);
    if (status == L4_OK) {
        status = window_create(guest);
    }
    if (status == L4_OK) {
        status = channel_map(guest, n);
    }
    guest->vm.limits.channels |= 1u << n;
    channel_tell(guest, n);
    return status;
}

/* The other end has rung: an edge. */
static void memory_interrupt(struct guest *guest, uint32_t n)
{
    gic_set_line(&guest->vm.gic, 0, PECAN_CHANNEL_INTID(n), true);
    gic_set_line(&guest->vm.gic, 0, PECAN_CHANNEL_INTID(n), false);
}

void guest_channel_notify(struct guest *guest, uint32_t n)
{
    if (guest->channel[n].session.open) {
        channel_bell(&guest->channel[n]);
    }
}

void guest_channels_reset(struct guest *guest)
{
    for (uint32_t n = 0; n < guest->config->channel_count; n++) {
        struct guest_channel *channel = &guest->channel[n];
        if (in_memory(guest, n) && channel->session.open) {
            channel_clear(channel->session.session.address, channel->session.session.extra);
            channel_bell(channel);
        }
    }
}

/* --- Ports of the virtio-vsock device ------------------------------------------------------ */

static l4_status_t port_attach(struct guest *guest, uint32_t n)
{
    struct guest_channel *channel = &guest->channel[n];
    const struct l4_session *session = &channel->session.session;
    const struct doorbell bell = {channel_bell, channel};
    return virtio_vsock_attach(&guest->vsock, channel->port,
                               channel->session.open ? session->address : NULL, session->size,
                               session->extra, &bell);
}

static l4_status_t port_create(struct guest *guest, uint32_t n)
{
    l4_status_t status =
        virtio_vsock_add(&guest->vsock, guest->config->channel[n].port, &guest->channel[n].port);
    return status == L4_OK ? port_attach(guest, n) : status;
}

/* --- All channels -------------------------------------------------------------------------- */

static l4_status_t channel_create(struct guest *guest, uint32_t n)
{
    const struct l4_session_offer offer = {.server = L4_START_NET,
                                           .bits = CHANNEL_BIT(n),
                                           .kind = L4_SESSION_CHANNEL,
                                           .number = n,
                                           .window = L4_CHANNEL_BYTES(L4_CHANNEL_SIZE_MAX)};
    l4_status_t status = guest_session_open(&guest->channel[n].session, &guest->slots,
                                            &guest->window, "channel", &offer, NULL);
    if (status != L4_OK) {
        return status;
    }
    if (guest->channel[n].session.session.extra > 1) {
        return L4_ERR_FORMAT;
    }
    return in_memory(guest, n) ? memory_create(guest, n) : port_create(guest, n);
}

static l4_status_t channels_create(struct guest *guest)
{
    l4_status_t status =
        guest->config->channel_count <= L4_START_VM_CHANNELS ? L4_OK : L4_ERR_CONFIG;
    virtio_vsock_init(&guest->vsock);
    for (uint32_t n = 0; status == L4_OK && n < guest->config->channel_count; n++) {
        status = channel_create(guest, n);
    }
    if (status == L4_OK && guest->vsock.channels != 0) {
        status = guest_virtio_add(guest, &guest->vsock.virtio, "vsock", GUEST_ONLY_ONE);
    }
    return status;
}

static void channels_signal(struct guest *guest, uint32_t bits)
{
    for (uint32_t n = 0; n < guest->config->channel_count; n++) {
        if ((bits & CHANNEL_BIT(n)) == 0) {
            continue;
        }
        if (in_memory(guest, n)) {
            memory_interrupt(guest, n);
        } else {
            virtio_vsock_ready(&guest->vsock, guest->channel[n].port);
        }
    }
}

/* A guest that has the memory mapped finds it closed and empty, and is told by the interrupt. */
static l4_status_t channel_reopen(struct guest *guest, uint32_t n)
{
    l4_status_t status = L4_OK;
    if (in_memory(guest, n)) {
        status = l4_cap_delete(guest->channel[n].share);
    }
    status = guest_session_reopen(&guest->channel[n].session);
    if (!in_memory(guest, n)) {
        l4_status_t attached = port_attach(guest, n);
        return status != L4_OK ? status : attached;
    }
    if (status == L4_OK) {
        status = channel_map(guest, n);
        memory_interrupt(guest, n);
    }
    return status;
}

static l4_status_t channels_reopen(struct guest *guest)
{
    l4_status_t first = L4_OK;
    for (uint32_t n = 0; n < guest->config->channel_count; n++) {
        l4_status_t status = channel_reopen(guest, n);
        first = first != L4_OK ? first : status;
    }
    return first;
}

const struct guest_kind guest_channels = {"channels",      channels_create, CHANNEL_BIT(0) * 0xffu,
                                          channels_signal, L4_VM_NET,       channels_reopen};
