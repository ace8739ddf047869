/*
 * How a guest starts: places its images and its device tree in its memory and tells the registers
 * that it is entered with, as QEMU's loader does for its virt machine.
 *
 * Repeatable: a reset of the VM calls boot_load() again. Images are not trusted to fit; all is
 * checked before the first byte is written.
 */
#ifndef VMM_BOOT_H
#define VMM_BOOT_H

#include <stdbool.h>
#include <stdint.h>

#include <l4/abi/status.h>
#include <l4/proto/init.h>
#include <vmm/bus.h>

#define BOOT_DTB_MAX 0x4000u

struct boot_image {
    const uint8_t *data; /* NULL: none */
    uint32_t size;
};

/* A device of the board that is the guest's own, or a channel that is mapped into it. */
struct boot_device {
    uint64_t base, size; /* of its registers */
    uint32_t irq;        /* INTID of an SPI */
    bool edge;
    bool dma_coherent;
    const char *compatible; /* strings, each with its NUL */
    uint32_t compatible_size;
};

struct boot_channel {
    uint64_t base, size;
    uint32_t irq;
    uint32_t number, end, port;
    const char *peer; /* name of the other guest */
};

/* What the guest has beside the parts that every guest has. */
struct boot_devices {
    uint32_t virtio_count; /* populated transports, from the first */
    uint32_t device_count, channel_count;
    const struct boot_device *device;
    const struct boot_channel *channel;
};

struct boot_config {
    enum l4_kernel_format format;
    struct boot_image kernel;
    struct boot_image initrd;
    uint64_t load_address; /* raw images: guest physical, 0 = start of RAM */
    uint32_t cpus;
    const char *bootargs;
    struct boot_devices devices;
};

struct boot_range {
    uint64_t start, end; /* guest physical; empty when equal */
};

/* What the device tree tells about this start. */
struct boot_tree {
    uint64_t ram_base, ram_size;
    uint32_t cpus;
    const char *bootargs;
    struct boot_range initrd;
    struct boot_devices devices;
};

struct boot_state {
    uint32_t entry; /* bit 0: Thumb */
    uint32_t r[3];  /* r0..r2 */
    struct boot_range image, initrd, dtb;
    const char *error; /* why boot_load() failed */
};

/* Told of each range of guest RAM that was written: its caches have to be cleaned. */
struct boot_port {
    void *context;
    void (*written)(void *context, uint64_t ipa, uint64_t size);
};

/* `scratch` has BOOT_DTB_MAX bytes. Errors: FORMAT, RANGE, NO_MEMORY, CONFIG; state->error says
 * more. Guest RAM is untouched then. */
L4_MUST_CHECK l4_status_t boot_load(const struct boot_config *config,
                                    const struct guest_memory *memory, const struct boot_port *port,
                                    void *scratch, struct boot_state *state);

/* Writes the device tree to `buffer`; *size is its total size, with room to grow. */
L4_MUST_CHECK l4_status_t boot_tree_write(const struct boot_tree *tree, void *buffer,
                                          uint32_t buffer_size, uint32_t *size);

#endif
