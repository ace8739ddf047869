/* The guest's Ethernet ports: a virtio-net device for each, over a port session with ipc-net. */
#include "guest.h"

static void port_bell(void *context)
{
    const struct guest_port *port = context;
    l4_session_kick(&port->session.session);
}

/* The model's use of the session as it is now: none while it is not open. */
static void port_attach(struct guest_port *port)
{
    const struct doorbell bell = {port_bell, port};
    virtio_net_attach(&port->net, port->session.open ? port->session.session.address : NULL, &bell);
}

static l4_status_t port_create(struct guest *guest, uint32_t n)
{
    struct guest_port *port = &guest->port[n];
    const struct l4_session_offer offer = {.server = L4_START_NET,
                                           .bits = PORT_BIT(n),
                                           .kind = L4_SESSION_PORT,
                                           .number = n,
                                           .window = L4_NET_BYTES};
    virtio_net_init(&port->net);
    l4_status_t status =
        guest_session_open(&port->session, &guest->slots, &guest->window, "port", &offer, NULL);
    if (status == L4_OK) {
        status = guest_virtio_add(guest, &port->net.virtio, "net", n);
    }
    if (status == L4_OK) {
        port_attach(port);
    }
    return status;
}

static l4_status_t ports_create(struct guest *guest)
{
    l4_status_t status = guest->config->port_count <= GUEST_PORTS ? L4_OK : L4_ERR_CONFIG;
    for (uint32_t n = 0; status == L4_OK && n < guest->config->port_count; n++) {
        status = port_create(guest, n);
    }
    return status;
}

static void ports_signal(struct guest *guest, uint32_t bits)
{
    for (uint32_t n = 0; n < guest->config->port_count; n++) {
        if ((bits & PORT_BIT(n)) != 0) {
            virtio_net_ready(&guest->port[n].net);
        }
    }
}

static l4_status_t ports_reopen(struct guest *guest)
{
    l4_status_t first = L4_OK;
    for (uint32_t n = 0; n < guest->config->port_count; n++) {
        l4_status_t status = guest_session_reopen(&guest->port[n].session);
        port_attach(&guest->port[n]);
        first = first != L4_OK ? first : status;
    }
    return first;
}

const struct guest_kind guest_ports = {"network ports", ports_create, PORT_BIT(0) * 0xffu,
                                       ports_signal,    L4_VM_NET,    ports_reopen};
