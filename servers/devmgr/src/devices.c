/*
 * The virtio devices that devmgr drives: which they are, their memory and interrupts.
 */
#include <libfdt.h>

#include <l4/format/dt.h>
#include <l4/irq.h>
#include <l4/log.h>
#include <l4/start.h>

#include "devmgr.h"

#define COMPATIBLE "virtio,mmio"

static const char *const type_names[] = {"none", "network", "block", "console", "entropy"};
#define TYPES (sizeof type_names / sizeof type_names[0])

/* A virtio node of the board that is devmgr's. False: it is not, or there is nothing behind it. */
static bool look_at(int node, uint64_t *base, struct virtio *dev, uint32_t *type)
{
    uint64_t size = 0;
    *type = VIRTIO_TYPE_NONE;
    if (dt_reg(board_dtb(), node, 0, base, &size) != L4_OK || size < VIRTIO_MMIO_SIZE ||
        grant_covers(*base, VIRTIO_MMIO_SIZE) || board_registers(*base, &dev->base) != L4_OK) {
        return false;
    }
    const l4_status_t status = virtio_probe(dev, type);
    if (status == L4_ERR_VERSION) {
        l4_log("the virtio device at 0x%x has the legacy interface: not used; start QEMU with "
               "-global virtio-mmio.force-legacy=false",
               (unsigned int)*base);
    }
    return status == L4_OK;
}

/* The virtio node after `node`, or the first. */
static int next_node(int node)
{
    return dt_next_compatible(board_dtb(), node, COMPATIBLE);
}

static bool reset_all(void)
{
    bool quiet = true;
    struct virtio dev = {0};
    uint64_t base = 0;
    uint32_t type = 0;
    for (int node = next_node(-1); node >= 0; node = next_node(node)) {
        if (look_at(node, &base, &dev, &type) && virtio_reset(&dev) != L4_OK) {
            l4_log("ERROR: the virtio device at 0x%x cannot be reset; what it used for DMA stays "
                   "in use until the board is reset",
                   (unsigned int)base);
            quiet = false;
        }
    }
    return quiet;
}

/* --- Drivers ------------------------------------------------------------------------------------
 */

static struct blk *add_blk(uint64_t base, struct device *device)
{
    struct blk *blk = NULL;
    for (uint32_t i = 0; i < devmgr.disks.count; i++) {
        if (devmgr.start->disk[i].device == base && devmgr.blk_count < BLKS_MAX) {
            blk = &devmgr.blk[devmgr.blk_count];
            devmgr.disks.disk[i].blk = blk;
        }
    }
    if (blk != NULL) {
        devmgr.blk_device[devmgr.blk_count] = devmgr.device_count;
        device->index = devmgr.blk_count++;
    }
    return blk;
}

static void fit_disks(const struct blk *blk)
{
    for (uint32_t i = 0; i < devmgr.disks.count; i++) {
        struct disk *const disk = &devmgr.disks.disk[i];
        if (disk->blk == blk && !blk->dev.failed && disk_fit(disk) != L4_OK) {
            l4_log("ERROR: disk %.*s lies beyond the end of its device: not served; make the image "
                   "larger or the partition smaller",
                   (int)L4_DISK_LABEL, devmgr.start->disk[i].label);
            disk->blk = NULL;
        }
    }
}

static struct nic *add_nic(uint64_t base, struct device *device)
{
    for (uint32_t i = 0; i < devmgr.start->nic_count && i < L4_START_NICS; i++) {
        if (devmgr.start->nic[i].device == base) {
            device->index = i;
            return &devmgr.nic[i];
        }
    }
    return NULL;
}

/* The driver of a device that something is configured for; NULL: none. *area: its memory. */
static struct virtio *choose_driver(struct device *device, uint32_t *area)
{
    struct blk *blk = NULL;
    struct nic *nic = NULL;
    switch (device->type) {
    case VIRTIO_TYPE_BLOCK:
        blk = add_blk(device->base, device);
        *area = BLK_AREA;
        return blk != NULL ? &blk->dev : NULL;
    case VIRTIO_TYPE_NETWORK:
        nic = add_nic(device->base, device);
        *area = NIC_AREA;
        return nic != NULL ? &nic->dev : NULL;
    case VIRTIO_TYPE_CONSOLE:
        *area = VCON_AREA + devmgr.vcon.line_count * VCON_LINE_AREA;
        return devmgr.vcon.dev.base == 0 ? &devmgr.vcon.dev : NULL;
    case VIRTIO_TYPE_ENTROPY:
        *area = ENTROPY_AREA;
        return devmgr.entropy.dev.base == 0 ? &devmgr.entropy.dev : NULL;
    default:
        return NULL;
    }
}

static l4_status_t start_driver(const struct device *device, const struct dma *area)
{
    switch (device->type) {
    case VIRTIO_TYPE_BLOCK:
        return blk_start(&devmgr.blk[device->index], area);
    case VIRTIO_TYPE_NETWORK:
        return nic_start(&devmgr.nic[device->index], area);
    case VIRTIO_TYPE_CONSOLE:
        return vcon_start(&devmgr.vcon, area);
    default:
        return entropy_start(&devmgr.entropy, area);
    }
}

static l4_status_t bind_interrupt(int node, struct device *device)
{
    uint32_t intid = 0;
    bool edge = false;
    l4_status_t status = dt_interrupt(board_dtb(), node, 0, &intid, &edge);
    if (status != L4_OK) {
        return status;
    }
    device->irq = devmgr_slot();
    status = l4_irq_get(devmgr.start->system, intid, edge, device->irq);
    if (status == L4_OK) {
        status = l4_irq_bind(device->irq, L4_START_ENDPOINT,
                             SIGNAL_DEVICE((uint32_t)(device - devmgr.device)));
    }
    return status;
}

/* Why a device is not driven; NULL: it is. */
static const char *start_device(int node, struct device *device, uintptr_t base)
{
    uint32_t size = 0;
    struct dma area;
    l4_cap_t region = L4_CAP_NULL;
    device->dev = choose_driver(device, &size);
    if (device->dev == NULL) {
        return ""; /* nothing is configured for it */
    }
    device->dev->base = base;
    device->dev->failed = true;
    if (!board_is_coherent(node)) {
        return "its DMA does not see the caches (no dma-coherent in the device tree)";
    }
    if (memory_take(size, &area, &region) != L4_OK) {
        return "there are not enough pages for its queues";
    }
    if (bind_interrupt(node, device) != L4_OK) {
        return "it has no interrupt that can be used";
    }
    const l4_status_t status = start_driver(device, &area);
    if (status == L4_ERR_NOT_SUPPORTED) {
        return "it lacks a feature that is needed";
    }
    return status == L4_OK ? NULL : "it does not start";
}

static void start_node(int node)
{
    struct virtio dev = {0};
    struct device *const device = &devmgr.device[devmgr.device_count];
    *device = (struct device){0};
    if (!look_at(node, &device->base, &dev, &device->type) || device->type >= TYPES) {
        return;
    }
    const char *const name = type_names[device->type];
    if (devmgr.device_count == DEVICES_MAX) {
        l4_log("ERROR: the virtio %s device at 0x%x is one too many: not used", name,
               (unsigned int)device->base);
        return;
    }
    const char *const why = start_device(node, device, dev.base);
    if (why == NULL) {
        l4_log("virtio %s device at 0x%x", name, (unsigned int)device->base);
    } else if (why[0] != '\0') {
        l4_log("ERROR: the virtio %s device at 0x%x is not used: %s", name,
               (unsigned int)device->base, why);
    }
    if (device->dev != NULL) {
        device->told = why != NULL;
        devmgr.console_signals |=
            device->type == VIRTIO_TYPE_CONSOLE ? SIGNAL_DEVICE(devmgr.device_count) : 0;
        devmgr.device_count++;
        if (device->type == VIRTIO_TYPE_BLOCK && why == NULL) {
            fit_disks(&devmgr.blk[device->index]);
        }
    }
}

static void list_disks(void)
{
    for (uint32_t i = 0; i < devmgr.start->disk_count && i < L4_START_DISKS; i++) {
        const struct l4_start_disk *const from = &devmgr.start->disk[i];
        devmgr.disks.disk[devmgr.disks.count++] =
            (struct disk){.first = from->first, .sectors = from->sectors, .flags = from->flags};
    }
}

void devices_find(void)
{
    devmgr.console_signals = SIGNAL_UART | SIGNAL_CONSOLES;
    list_disks();
    ports_name();
    devmgr.quiet_due = reset_all();
    for (int node = next_node(-1); node >= 0; node = next_node(node)) {
        start_node(node);
    }
}

/* --- Running ------------------------------------------------------------------------------------
 */

static void run_blk(struct blk *blk)
{
    uint32_t bells = disks_run(&devmgr.disks, blk);
    for (uint32_t i = 0; bells != 0; i++, bells >>= 1) {
        if ((bells & 1u) != 0) {
            session_ring_index(L4_SESSION_DISK, i);
        }
    }
}

static void run_entropy(void)
{
    uint32_t bells = entropy_run(&devmgr.entropy);
    for (uint32_t i = 0; bells != 0; i++, bells >>= 1) {
        if ((bells & 1u) != 0) {
            session_ring_index(L4_SESSION_ENTROPY, i);
        }
    }
}

static void run_device(const struct device *device)
{
    switch (device->type) {
    case VIRTIO_TYPE_BLOCK:
        run_blk(&devmgr.blk[device->index]);
        break;
    case VIRTIO_TYPE_NETWORK:
        if (nic_run(&devmgr.nic[device->index])) {
            session_ring_index(L4_SESSION_NIC, device->index);
        }
        break;
    case VIRTIO_TYPE_CONSOLE:
        vcon_run(&devmgr.vcon);
        break;
    default:
        run_entropy();
        break;
    }
}

static void run(struct device *device)
{
    run_device(device);
    if (device->dev->failed && !device->told) {
        device->told = true;
        l4_log("ERROR: the virtio %s device at 0x%x broke the rules: not used any more",
               type_names[device->type], (unsigned int)device->base);
    }
}

/* The devices that the doorbells in `bits` are about, as their signal bits. */
static uint32_t belled_devices(uint32_t bits)
{
    uint32_t devices = 0;
    for (uint32_t rang = bits >> SIGNAL_DISKS_SHIFT; rang != 0; rang &= rang - 1) {
        const uint32_t n = (uint32_t)__builtin_ctz(rang);
        struct disk *const disk = &devmgr.disks.disk[n];
        if (n < devmgr.disks.count && disk->open) {
            disk->active = true;
            devices |= SIGNAL_DEVICE(devmgr.blk_device[disk->blk - devmgr.blk]);
        }
    }
    for (uint32_t i = 0; (bits & (SIGNAL_ENTROPY | SIGNAL_NICS)) != 0 && i < devmgr.device_count;
         i++) {
        const uint32_t type = devmgr.device[i].type;
        devices |=
            type == VIRTIO_TYPE_ENTROPY || type == VIRTIO_TYPE_NETWORK ? SIGNAL_DEVICE(i) : 0;
    }
    return devices;
}

void devices_signal(uint32_t bits)
{
    const uint32_t belled = belled_devices(bits);
    for (uint32_t i = 0; i < devmgr.device_count; i++) {
        struct device *const device = &devmgr.device[i];
        const bool interrupted = (bits & SIGNAL_DEVICE(i)) != 0 && device->irq != L4_CAP_NULL;
        if (interrupted) {
            virtio_interrupt(device->dev);
        }
        if (interrupted || (belled & SIGNAL_DEVICE(i)) != 0) {
            run(device);
        }
        if (interrupted) {
            const l4_status_t status = l4_irq_ack(device->irq);
            (void)status; /* it is ours */
        }
    }
}

bool devices_forget(uint32_t owners)
{
    bool quiet = true;
    for (uint32_t i = 0; i < devmgr.blk_count; i++) {
        struct blk *const blk = &devmgr.blk[i];
        bool held = false;
        for (uint32_t n = 0; n < devmgr.disks.count; n++) {
            struct disk *const disk = &devmgr.disks.disk[n];
            held = held || ((owners >> n & 1u) != 0 && disk->blk == blk && disk->on_device != 0);
        }
        if (!held) {
            continue;
        }
        const l4_status_t status = blk_forget(blk, owners);
        l4_log("a block device was reset for a client that is gone%s",
               status == L4_OK ? "" : ", and does not come back");
        quiet = quiet && (status == L4_OK || virtio_reset(&blk->dev) == L4_OK);
        run_blk(blk);
    }
    for (uint32_t n = 0; n < devmgr.disks.count; n++) {
        if ((owners >> n & 1u) != 0) {
            disk_forgotten(&devmgr.disks.disk[n]);
        }
    }
    return quiet;
}
