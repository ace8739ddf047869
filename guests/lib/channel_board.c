/*
 * Where this guest's channels are (device tree), how they interrupt it (GIC) and how it rings the
 * other end (hypercall). See channel.h.
 */
#include <stddef.h>

#include "guest/channel.h"
#include "guest/fdt.h"
#include "guest/gic.h"
#include "guest/psci.h"

static bool cell(const void *fdt, const char *path, const char *property, uint32_t index,
                 uint32_t *value)
{
    uint32_t length;
    const uint8_t *raw = fdt_property(fdt, path, property, &length);

    if (raw == NULL || length < 4 * (index + 1)) {
        return false;
    }
    raw += 4 * index;
    *value = (uint32_t)raw[0] << 24 | (uint32_t)raw[1] << 16 | (uint32_t)raw[2] << 8 | raw[3];
    return true;
}

static bool peer_name(const void *fdt, const char *path, char *name)
{
    uint32_t length;
    const char *text = fdt_property(fdt, path, "pecan,peer", &length);

    if (text == NULL || length == 0 || length > CHANNEL_PEER_MAX || text[length - 1] != '\0') {
        return false;
    }
    __builtin_memcpy(name, text, length);
    return true;
}

static void notify(const struct channel *channel)
{
    hvc_call(PECAN_CHANNEL_NOTIFY, channel->number, 0, 0);
}

bool channel_find(const void *fdt, uint32_t n, struct channel *channel)
{
    char path[] = "/channel@b000000";
    uint32_t skip = n;
    uint32_t end;

    /* A guest's mapped channels need not be numbered from 0 without gaps. */
    for (uint32_t i = 0; i < PECAN_CHANNELS; i++) {
        path[11] = (char)('0' + i);
        if (!cell(fdt, path, "pecan,channel", 0, &channel->number) || skip-- != 0) {
            continue;
        }
        channel->intid = PECAN_CHANNEL_INTID(i);
        return cell(fdt, path, "pecan,end", 0, &end) &&
               cell(fdt, path, "pecan,port", 0, &channel->port) &&
               peer_name(fdt, path, channel->peer) &&
               channel_init(channel, (struct l4_channel_page *)PECAN_CHANNEL_BASE(i), end, notify);
    }
    return false;
}

void channel_irq_enable(const struct channel *channel, uint8_t priority)
{
    uint32_t icfgr = GICD_ICFGR + 4u * (channel->intid / 16u);

    gicd_write(icfgr, gicd_read(icfgr) | 2u << (2u * (channel->intid % 16u)));
    gicd_set_priority(channel->intid, priority);
    mmio_write8(GICD_BASE + GICD_ITARGETSR + channel->intid, gicd_read(GICD_ITARGETSR) & 0xffu);
    gicd_hit(GICD_ISENABLER, channel->intid);
}
