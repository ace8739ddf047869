/*
 * The transport's registers (virtio 1.2, 4.2.2), the status handshake (3.1.1) and the interrupt.
 * See virtio.h.
 */
#include <string.h>

#include <l4/base/virtio_mmio.h>
#include <vmm/virtio.h>

#define VIRTIO_MAGIC 0x74726976u /* "virt" */
#define VIRTIO_VERSION 2u
#define VIRTIO_VENDOR 0x554d4551u /* "QEMU", whose slots these are */
#define TRANSPORT_FEATURES (VIRTIO_F_INDIRECT_DESC | VIRTIO_F_EVENT_IDX | VIRTIO_F_VERSION_1)

enum virtio_status {
    ACKNOWLEDGE = 1,
    DRIVER = 2,
    DRIVER_OK = 4,
    FEATURES_OK = 8,
    NEEDS_RESET = 64,
    FAILED = 128,
};

/* --- Interrupt and status ------------------------------------------------------------------ */

static void line_update(struct virtio *virtio)
{
    virtio->irq(virtio->irq_context, virtio->irq_number, virtio->state.interrupt != 0);
}

void virtio_interrupt(struct virtio *virtio, uint32_t reason)
{
    virtio->state.interrupt |= reason;
    virtio->counters->interrupts++;
    line_update(virtio);
}

bool virtio_live(const struct virtio *virtio)
{
    return (virtio->state.status & (DRIVER_OK | NEEDS_RESET)) == DRIVER_OK;
}

void virtio_broken(struct virtio *virtio)
{
    if ((virtio->state.status & NEEDS_RESET) != 0) {
        return;
    }
    virtio->counters->errors++;
    virtio->state.status |= NEEDS_RESET;
    if ((virtio->state.status & DRIVER_OK) != 0) { /* 2.1.2 */
        virtio_interrupt(virtio, VIRTIO_INTERRUPT_CONFIG);
    }
}

void virtio_config_changed(struct virtio *virtio)
{
    virtio->state.generation++;
    if ((virtio->state.status & DRIVER_OK) != 0) {
        virtio_interrupt(virtio, VIRTIO_INTERRUPT_CONFIG);
    }
}

void virtio_init(struct virtio *virtio)
{
    memset(&virtio->state, 0, sizeof(virtio->state));
    if (virtio->features == 0) {
        virtio->features = virtio->ops->features;
    }
    virtio->features |= TRANSPORT_FEATURES;
}

void virtio_reset(struct virtio *virtio)
{
    uint32_t generation = virtio->state.generation;
    memset(&virtio->state, 0, sizeof(virtio->state));
    virtio->state.generation = generation;
    line_update(virtio);
    virtio->ops->reset(virtio);
}

bool virtio_quiet(const struct virtio *virtio)
{
    return virtio->ops->quiet == NULL || virtio->ops->quiet(virtio);
}

/* The driver may only add bits (2.1.1); FEATURES_OK stays off when the choice cannot be served. */
static void status_add(struct virtio *virtio, uint32_t value)
{
    struct virtio_state *s = &virtio->state;
    uint32_t added = value & ~s->status & (ACKNOWLEDGE | DRIVER | DRIVER_OK | FEATURES_OK | FAILED);
    if ((s->features & ~virtio->features) != 0 || (s->features & VIRTIO_F_VERSION_1) == 0) {
        added &= ~(uint32_t)FEATURES_OK;
    }
    if (((s->status | added) & FEATURES_OK) == 0) {
        added &= ~(uint32_t)DRIVER_OK;
    }
    s->status |= added;
    if ((added & DRIVER_OK) != 0 && virtio_live(virtio) && virtio->ops->ready != NULL) {
        virtio->ops->ready(virtio);
    }
}

static l4_status_t status_write(struct virtio *virtio, uint32_t value)
{
    if (value != 0) {
        status_add(virtio, value);
        return L4_OK;
    }
    virtio_reset(virtio);
    return virtio_quiet(virtio) ? L4_OK : L4_ERR_BUSY;
}

/* --- Features ------------------------------------------------------------------------------ */

static uint32_t features_read(const struct virtio *virtio)
{
    uint32_t select = virtio->state.device_features_select;
    return select > 1u ? 0 : (uint32_t)(virtio->features >> (32u * select));
}

static void features_write(struct virtio *virtio, uint32_t value)
{
    struct virtio_state *s = &virtio->state;
    if (s->driver_features_select > 1u || (s->status & FEATURES_OK) != 0) {
        return;
    }
    uint32_t shift = 32u * s->driver_features_select;
    s->features = (s->features & ~(UINT64_C(0xffffffff) << shift)) | (uint64_t)value << shift;
}

/* --- Queues -------------------------------------------------------------------------------- */

/* The selected queue; NULL when there is none. */
static struct virtio_queue_state *selected(struct virtio *virtio)
{
    uint32_t n = virtio->state.queue_select;
    return n < virtio->ops->queues ? &virtio->state.queue[n] : NULL;
}

static l4_status_t ready_write(struct virtio *virtio, uint32_t value)
{
    struct virtio_queue_state *q = selected(virtio);
    if (q == NULL) {
        return L4_OK;
    }
    if ((value & 1u) == 0) {
        q->ready = 0;
        return virtio_quiet(virtio) ? L4_OK : L4_ERR_BUSY;
    }
    if (q->ready == 0 && !virtio_queue_usable(virtio, virtio->state.queue_select)) {
        virtio_broken(virtio);
    } else if (q->ready == 0) {
        virtio_queue_start(virtio, virtio->state.queue_select);
    }
    return L4_OK;
}

static void low_write(uint64_t *address, uint32_t value)
{
    *address = (*address & ~UINT64_C(0xffffffff)) | value;
}

static void high_write(uint64_t *address, uint32_t value)
{
    *address = (*address & UINT64_C(0xffffffff)) | (uint64_t)value << 32;
}

/* A queue in use keeps its size and place. */
static void queue_write(struct virtio *virtio, uint32_t offset, uint32_t value)
{
    struct virtio_queue_state *q = selected(virtio);
    if (q == NULL || q->ready != 0) {
        return;
    }
    switch (offset) {
    case QUEUE_NUM:
        q->size = value <= VIRTIO_QUEUE_MAX ? (uint16_t)value : 0;
        break;
    case QUEUE_DESC_LOW:
        low_write(&q->desc, value);
        break;
    case QUEUE_DESC_HIGH:
        high_write(&q->desc, value);
        break;
    case QUEUE_DRIVER_LOW:
        low_write(&q->driver, value);
        break;
    case QUEUE_DRIVER_HIGH:
        high_write(&q->driver, value);
        break;
    case QUEUE_DEVICE_LOW:
        low_write(&q->device, value);
        break;
    case QUEUE_DEVICE_HIGH:
        high_write(&q->device, value);
        break;
    default: /* read-only or reserved */
        break;
    }
}

static void notify_write(struct virtio *virtio, uint32_t queue)
{
    if (queue < virtio->ops->queues && virtio_live(virtio) &&
        virtio->state.queue[queue].ready != 0) {
        virtio->counters->kicks++;
        virtio->ops->notify(virtio, queue);
    }
}

/* --- Registers ----------------------------------------------------------------------------- */

static uint32_t identity_read(const struct virtio *virtio, uint32_t offset)
{
    switch (offset) {
    case MAGIC_VALUE:
        return VIRTIO_MAGIC;
    case VERSION:
        return VIRTIO_VERSION;
    case DEVICE_ID:
        return virtio != NULL ? virtio->ops->id : 0;
    case VENDOR_ID:
        return VIRTIO_VENDOR;
    default:
        return 0;
    }
}

static uint32_t register_read(struct virtio *virtio, uint32_t offset)
{
    const struct virtio_queue_state *q = selected(virtio);
    switch (offset) {
    case DEVICE_FEATURES:
        return features_read(virtio);
    case QUEUE_NUM_MAX:
        return q != NULL ? VIRTIO_QUEUE_MAX : 0;
    case QUEUE_READY:
        return q != NULL ? q->ready : 0;
    case INTERRUPT_STATUS:
        return virtio->state.interrupt;
    case STATUS:
        return virtio->state.status;
    case SHM_LEN_LOW: /* no shared memory regions: all ones (4.2.2) */
    case SHM_LEN_HIGH:
    case SHM_BASE_LOW:
    case SHM_BASE_HIGH:
        return 0xffffffffu;
    case CONFIG_GENERATION:
        return virtio->state.generation;
    default:
        return identity_read(virtio, offset);
    }
}

static l4_status_t register_write(struct virtio *virtio, uint32_t offset, uint32_t value)
{
    struct virtio_state *s = &virtio->state;
    switch (offset) {
    case DEVICE_FEATURES_SEL:
        s->device_features_select = value;
        break;
    case DRIVER_FEATURES:
        features_write(virtio, value);
        break;
    case DRIVER_FEATURES_SEL:
        s->driver_features_select = value;
        break;
    case QUEUE_SEL:
        s->queue_select = value;
        break;
    case QUEUE_READY:
        return ready_write(virtio, value);
    case QUEUE_NOTIFY:
        notify_write(virtio, value);
        break;
    case INTERRUPT_ACK:
        s->interrupt &= ~value;
        line_update(virtio);
        break;
    case STATUS:
        return status_write(virtio, value & 0xffu);
    default:
        queue_write(virtio, offset, value);
        break;
    }
    return L4_OK;
}

/* Bytes of an access of `size` at `offset` that the configuration space has. */
static uint32_t config_bytes(const struct virtio *virtio, uint32_t offset, uint32_t size)
{
    uint32_t end = virtio->ops->config_size;
    return offset >= end ? 0 : size < end - offset ? size : end - offset;
}

static struct virtio *slot_of(void *state, const struct mmio *access)
{
    const struct virtio_page *page = state;
    return page->slot[access->offset / VIRTIO_STRIDE % VIRTIO_SLOTS];
}

static l4_status_t page_read(void *state, struct mmio *access)
{
    struct virtio *virtio = slot_of(state, access);
    uint32_t offset = access->offset % VIRTIO_STRIDE;
    access->value = 0;
    if (offset < CONFIG) {
        uint32_t at = offset & ~3u;
        mmio_answer(access, virtio != NULL ? register_read(virtio, at) : identity_read(NULL, at));
    } else if (virtio != NULL && virtio->ops->config_read != NULL) {
        uint32_t size = config_bytes(virtio, offset - CONFIG, access->size);
        if (size != 0) {
            virtio->ops->config_read(virtio, offset - CONFIG, &access->value, size);
        }
    }
    return L4_OK;
}

/* Registers are written by whole words (4.2.2.2). */
static l4_status_t page_write(void *state, struct mmio *access)
{
    struct virtio *virtio = slot_of(state, access);
    uint32_t offset = access->offset % VIRTIO_STRIDE;
    if (virtio == NULL) {
        return L4_OK;
    }
    if (offset < CONFIG) {
        return access->size == 4u ? register_write(virtio, offset, access->value) : L4_OK;
    }
    uint32_t size = config_bytes(virtio, offset - CONFIG, access->size);
    if (size != 0 && virtio->ops->config_write != NULL) {
        virtio->ops->config_write(virtio, offset - CONFIG, &access->value, size);
    }
    return L4_OK;
}

const struct device_ops virtio_page_ops = {page_read, page_write};
