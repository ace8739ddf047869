/* See virtio_console.h. */
#include <string.h>

#include <vmm/virtio_console.h>

/* Puts what the ring has room for. True: all of the chain is in the ring. */
static bool send(struct virtio_console *console, const struct virtio_chain *chain)
{
    uint32_t *sent = &console->state.sent;
    uint32_t put;
    do {
        if (*sent >= chain->read_bytes) { /* the guest may have made it shorter meanwhile */
            *sent = 0;
            return true;
        }
        put = virtio_to_ring(chain, *sent, chain->read_bytes - *sent, &console->tx);
        *sent += put;
        console->virtio.counters->bytes_from += put;
    } while (*sent == chain->read_bytes || !l4_ring_wait_space(&console->tx));
    return false;
}

static void tx_pump(struct virtio_console *console)
{
    struct virtio_chain *chain = console->virtio.chain;
    uint32_t index = console->tx.index;
    if (!console->attached) {
        return;
    }
    while (virtio_take(&console->virtio, VIRTIO_CONSOLE_TX, chain) == L4_OK) {
        if (!send(console, chain)) {
            virtio_put_back(&console->virtio, VIRTIO_CONSOLE_TX);
            break;
        }
        virtio_return(&console->virtio, VIRTIO_CONSOLE_TX, chain->head, 0);
    }
    if (console->tx.index != index && l4_ring_must_wake_consumer(&console->tx)) {
        doorbell_ring(&console->bell);
    }
    virtio_signal(&console->virtio, VIRTIO_CONSOLE_TX);
}

static void rx_pump(struct virtio_console *console)
{
    struct virtio_chain *chain = console->virtio.chain;
    uint32_t index = console->rx.index;
    if (!console->attached) {
        return;
    }
    while (virtio_live(&console->virtio) && !l4_ring_wait_data(&console->rx) &&
           virtio_take(&console->virtio, VIRTIO_CONSOLE_RX, chain) == L4_OK) {
        uint32_t got = virtio_from_ring(chain, 0, chain->write_bytes, &console->rx);
        virtio_return(&console->virtio, VIRTIO_CONSOLE_RX, chain->head, got);
        console->virtio.counters->bytes_to += got;
    }
    if (console->rx.index != index && l4_ring_must_wake_producer(&console->rx)) {
        doorbell_ring(&console->bell);
    }
    virtio_signal(&console->virtio, VIRTIO_CONSOLE_RX);
}

static void console_reset(struct virtio *virtio)
{
    struct virtio_console *console = virtio->device;
    memset(&console->state, 0, sizeof(console->state));
}

static void console_driver_ready(struct virtio *virtio)
{
    rx_pump(virtio->device);
}

static void console_notify(struct virtio *virtio, uint32_t queue)
{
    if (queue == VIRTIO_CONSOLE_TX) {
        tx_pump(virtio->device);
    } else {
        rx_pump(virtio->device);
    }
}

static void console_config_read(struct virtio *virtio, uint32_t offset, void *bytes, uint32_t size)
{
    static const struct virtio_console_config config = {.max_nr_ports = 1};
    (void)virtio;
    memcpy(bytes, (const uint8_t *)&config + offset, size);
}

/* 5.3.4: a character, at any time after reset; the driver need not be ready. */
static void console_config_write(struct virtio *virtio, uint32_t offset, const void *bytes,
                                 uint32_t size)
{
    struct virtio_console *console = virtio->device;
    if (console->attached && size != 0 &&
        offset == offsetof(struct virtio_console_config, emerg_wr) &&
        l4_ring_put(&console->tx, bytes, 1) != 0 && l4_ring_must_wake_consumer(&console->tx)) {
        doorbell_ring(&console->bell);
    }
}

static const struct virtio_ops console_ops = {
    .id = VIRTIO_ID_CONSOLE,
    .queues = 2,
    .config_size = sizeof(struct virtio_console_config),
    .features = VIRTIO_CONSOLE_F_EMERG_WRITE,
    .reset = console_reset,
    .ready = console_driver_ready,
    .notify = console_notify,
    .config_read = console_config_read,
    .config_write = console_config_write,
};

void virtio_console_init(struct virtio_console *console)
{
    memset(console, 0, sizeof(*console));
    console->virtio.ops = &console_ops;
    console->virtio.device = console;
}

void virtio_console_attach(struct virtio_console *console, struct l4_console_page *page,
                           const struct doorbell *bell)
{
    console->attached = page != NULL;
    if (page == NULL) {
        return;
    }
    console->bell = *bell;
    l4_ring_init(&console->tx, &page->tx, page->tx_data, L4_CONSOLE_TX_SIZE);
    l4_ring_init(&console->rx, &page->rx, page->rx_data, L4_CONSOLE_RX_SIZE);
    virtio_console_ready(console);
}

void virtio_console_ready(struct virtio_console *console)
{
    rx_pump(console);
    tx_pump(console);
}
