/* The PL031's registers (DDI 0224 chapter 3). */
#include <string.h>

#include <vmm/pl031.h>

enum pl031_register {
    RTCDR = 0x00,
    RTCMR = 0x04,
    RTCLR = 0x08,
    RTCCR = 0x0c,
    RTCIMSC = 0x10,
    RTCRIS = 0x14,
    RTCMIS = 0x18,
    RTCICR = 0x1c,
    RTCID = 0xfe0,
};

static const uint8_t pl031_id[8] = {0x31, 0x10, 0x04, 0x00, 0x0d, 0xf0, 0x05, 0xb1};

static uint32_t now(struct pl031 *rtc)
{
    return rtc->port.seconds(rtc->port.context) + rtc->state.offset;
}

static void line_update(struct pl031 *rtc)
{
    uint8_t line = rtc->state.ris & rtc->state.imsc;
    if (line != rtc->state.line) {
        rtc->state.line = line;
        rtc->port.irq(rtc->port.context, line != 0);
    }
}

/* The alarm fires when the counter becomes equal to the match register. */
static void alarm_arm(struct pl031 *rtc)
{
    rtc->state.armed = (int32_t)(rtc->state.match - now(rtc)) >= 0;
    pl031_tick(rtc);
}

static uint32_t register_read(struct pl031 *rtc, uint32_t offset)
{
    struct pl031_state *s = &rtc->state;
    switch (offset) {
    case RTCDR:
        return now(rtc);
    case RTCMR:
        return s->match;
    case RTCLR:
        return s->load;
    case RTCCR:
        return 1; /* runs from reset; cannot be stopped once started */
    case RTCIMSC:
        return s->imsc;
    case RTCRIS:
        return s->ris;
    case RTCMIS:
        return s->ris & s->imsc;
    default:
        return offset >= RTCID ? pl031_id[(offset - RTCID) / 4u] : 0;
    }
}

static void register_write(struct pl031 *rtc, uint32_t offset, uint32_t value)
{
    struct pl031_state *s = &rtc->state;
    switch (offset) {
    case RTCMR:
        s->match = value;
        alarm_arm(rtc);
        break;
    case RTCLR:
        s->load = value;
        s->offset = value - rtc->port.seconds(rtc->port.context);
        alarm_arm(rtc);
        break;
    case RTCIMSC:
        s->imsc = value & 1u;
        break;
    case RTCICR:
        s->ris &= (uint8_t) ~(value & 1u);
        break;
    default: /* read-only or reserved */
        break;
    }
    line_update(rtc);
}

static l4_status_t pl031_read(void *state, struct mmio *access)
{
    pl031_tick(state);
    uint32_t word = register_read(state, access->offset & 0xffcu);
    mmio_answer(access, word);
    return L4_OK;
}

/* Registers are written as words; a narrower access writes the register's low part. */
static l4_status_t pl031_write(void *state, struct mmio *access)
{
    pl031_tick(state);
    if ((access->offset & 3u) == 0) {
        register_write(state, access->offset & 0xffcu, access->value);
    }
    return L4_OK;
}

const struct device_ops pl031_ops = {pl031_read, pl031_write};

void pl031_init(struct pl031 *rtc, const struct pl031_port *port)
{
    memset(rtc, 0, sizeof(*rtc));
    rtc->port = *port;
}

void pl031_reset(struct pl031 *rtc)
{
    uint32_t offset = rtc->state.offset; /* a reset does not stop the clock */
    uint8_t line = rtc->state.line;
    memset(&rtc->state, 0, sizeof(rtc->state));
    rtc->state.offset = offset;
    rtc->state.line = line;
    line_update(rtc);
}

uint32_t pl031_alarm(struct pl031 *rtc)
{
    if (!rtc->state.armed) {
        return PL031_NEVER;
    }
    int32_t left = (int32_t)(rtc->state.match - now(rtc));
    return left > 0 ? (uint32_t)left : 0;
}

void pl031_tick(struct pl031 *rtc)
{
    if (rtc->state.armed && (int32_t)(rtc->state.match - now(rtc)) <= 0) {
        rtc->state.armed = 0;
        rtc->state.ris = 1;
        line_update(rtc);
    }
}
