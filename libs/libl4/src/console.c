/*
 * A console's client side.
 */
#include <l4/console.h>
#include <l4/ipc.h>
#include <l4/proto/devmgr.h>
#include <l4/start.h>

l4_status_t l4_console_open(struct l4_console *console, const struct l4_console_offer *offer)
{
    struct l4_msgbuf *const buffer = l4_msgbuf();
    buffer->item[0] =
        (struct l4_item){.cap = offer->doorbell,
                         .kind = L4_ITEM_COPY,
                         .rights = L4_RIGHT_SIGNAL | L4_RIGHT_INFO}; /* devmgr looks at its type */
    buffer->slot[0] = offer->slot;
    buffer->slot[1] = buffer->slot[2] = buffer->slot[3] = 0;
    buffer->window_base = offer->address;
    buffer->window_size = L4_PAGE_SIZE;

    struct l4_msg msg = l4_msg(DEVMGR_CONSOLE_OPEN, offer->bits, 0, 0, 0);
    msg.tag = l4_tag(DEVMGR_CONSOLE_OPEN, 0, 1);
    const l4_status_t status = l4_call(offer->devmgr, &msg, L4_TIMEOUT_NEVER);
    buffer->slot[0] = 0;
    buffer->window_size = 0;
    if (status != L4_OK) {
        return status;
    }
    if ((l4_status_t)msg.w[0] != L4_OK) {
        return (l4_status_t)msg.w[0];
    }
    if (l4_tag_items(msg.tag) != 1 || buffer->item[0].kind != L4_ITEM_MAP) {
        return L4_ERR_TRANSFER;
    }

    struct l4_console_page *const page = (struct l4_console_page *)offer->address;
    console->devmgr = offer->devmgr;
    console->page = offer->slot;
    console->bits = msg.w[1];
    l4_ring_init(&console->tx, &page->tx, page->tx_data, sizeof page->tx_data);
    l4_ring_init(&console->rx, &page->rx, page->rx_data, sizeof page->rx_data);
    return L4_OK;
}

static void ring_doorbell(const struct l4_console *console)
{
    const l4_status_t status = l4_signal(console->devmgr, console->bits);
    (void)status; /* devmgr is gone: the client hears of it when it calls */
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
        ring_doorbell(console);
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
        ring_doorbell(console);
    }
    return done;
}
