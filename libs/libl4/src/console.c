/*
 * A console's client side.
 */
#include <l4/console.h>
#include <l4/proto/devmgr.h>

l4_status_t l4_console_open(struct l4_console *console, const struct l4_session_offer *offer)
{
    const l4_status_t status = l4_session_open(&console->session, offer);
    if (status != L4_OK) {
        return status;
    }
    if (console->session.size < sizeof(struct l4_console_page)) {
        return L4_ERR_TRANSFER;
    }
    struct l4_console_page *const page = console->session.address;
    l4_ring_init(&console->tx, &page->tx, page->tx_data, sizeof page->tx_data);
    l4_ring_init(&console->rx, &page->rx, page->rx_data, sizeof page->rx_data);
    return L4_OK;
}

uint32_t l4_console_put(struct l4_console *console, const void *bytes, uint32_t count)
{
    const uint8_t *const from = bytes;
    uint32_t done = l4_ring_put(&console->tx, from, count);
    while (done < count && !l4_ring_wait_space(&console->tx)) {
        done += l4_ring_put(&console->tx, from + done, count - done);
    }
    return done;
}

void l4_console_kick(struct l4_console *console)
{
    if (l4_ring_must_wake_consumer(&console->tx)) {
        l4_session_kick(&console->session);
    }
}

uint32_t l4_console_write(struct l4_console *console, const void *bytes, uint32_t count)
{
    const uint32_t done = l4_console_put(console, bytes, count);
    l4_console_kick(console);
    return done;
}

uint32_t l4_console_read(struct l4_console *console, void *bytes, uint32_t count)
{
    uint8_t *const to = bytes;
    uint32_t done = l4_ring_take(&console->rx, to, count);
    while (done < count && !l4_ring_wait_data(&console->rx)) {
        done += l4_ring_take(&console->rx, to + done, count - done);
    }
    if (done != 0 && l4_ring_must_wake_producer(&console->rx)) {
        l4_session_kick(&console->session);
    }
    return done;
}
