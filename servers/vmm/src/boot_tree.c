/*
 * The guest's device tree, in the words of QEMU's virt machine (hw/arm/virt.c), so that what probes
 * there finds its devices here.
 */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include <libfdt.h>

#include <vmm/boot.h>
#include <vmm/gic.h>
#include <vmm/hypercall.h>
#include <vmm/pl011.h>
#include <vmm/pl031.h>
#include <vmm/virtio.h>

#define TREE_ROOM 0x1000u /* for a guest that adds properties in place */

enum { PHANDLE_CLOCK = 0x8000, PHANDLE_GIC = 0x8001 };

#define GIC_SPI 0u
#define GIC_PPI 1u
#define EDGE_RISING 1u
#define LEVEL_HIGH 4u
#define SPI(irq) ((irq)-32u)
#define WINDOW 0x10000u /* of distributor and CPU interface, as QEMU says it */

/* libfdt's sequential-write calls in a row; the first failure sticks. */
struct writer {
    void *fdt;
    int error;
};

static void begin(struct writer *w, const char *name)
{
    w->error = w->error != 0 ? w->error : fdt_begin_node(w->fdt, name);
}

static void end(struct writer *w)
{
    w->error = w->error != 0 ? w->error : fdt_end_node(w->fdt);
}

static void cell(struct writer *w, const char *name, uint32_t value)
{
    w->error = w->error != 0 ? w->error : fdt_property_u32(w->fdt, name, value);
}

static void flag(struct writer *w, const char *name)
{
    w->error = w->error != 0 ? w->error : fdt_property(w->fdt, name, "", 0);
}

static void string(struct writer *w, const char *name, const char *value)
{
    w->error = w->error != 0 ? w->error : fdt_property_string(w->fdt, name, value);
}

/* Several strings: `size` counts all their NULs, as sizeof of a literal does. */
static void strings(struct writer *w, const char *name, const char *value, uint32_t size)
{
    w->error = w->error != 0 ? w->error : fdt_property(w->fdt, name, value, (int)size);
}

#define STRINGS(w, name, literal) strings((w), (name), (literal), sizeof(literal))

static void cells(struct writer *w, const char *name, const uint32_t *values, uint32_t count)
{
    fdt32_t raw[16];
    for (uint32_t i = 0; i < count; i++) {
        raw[i] = cpu_to_fdt32(values[i]);
    }
    w->error = w->error != 0 ? w->error : fdt_property(w->fdt, name, raw, (int)(count * 4u));
}

#define CELLS(w, name, ...)                                                                        \
    cells((w), (name), (const uint32_t[]){__VA_ARGS__},                                            \
          sizeof((const uint32_t[]){__VA_ARGS__}) / sizeof(uint32_t))

static void memory_node(struct writer *w, const struct boot_tree *tree)
{
    char name[24];
    snprintf(name, sizeof(name), "memory@%llx", (unsigned long long)tree->ram_base);
    begin(w, name);
    string(w, "device_type", "memory");
    CELLS(w, "reg", (uint32_t)(tree->ram_base >> 32), (uint32_t)tree->ram_base,
          (uint32_t)(tree->ram_size >> 32), (uint32_t)tree->ram_size);
    end(w);
}

static void chosen_node(struct writer *w, const struct boot_tree *tree)
{
    begin(w, "chosen");
    string(w, "stdout-path", "/pl011@9000000");
    if (tree->bootargs != NULL && tree->bootargs[0] != '\0') {
        string(w, "bootargs", tree->bootargs);
    }
    if (tree->initrd.start != tree->initrd.end) {
        CELLS(w, "linux,initrd-start", 0, (uint32_t)tree->initrd.start);
        CELLS(w, "linux,initrd-end", 0, (uint32_t)tree->initrd.end);
    }
    end(w);
}

static void cpu_nodes(struct writer *w, uint32_t cpus)
{
    begin(w, "cpus");
    cell(w, "#address-cells", 1);
    cell(w, "#size-cells", 0);
    for (uint32_t i = 0; i < cpus; i++) {
        char name[] = "cpu@0";
        name[4] = (char)('0' + i);
        begin(w, name);
        string(w, "device_type", "cpu");
        string(w, "compatible", "arm,cortex-a15");
        string(w, "enable-method", "psci");
        cell(w, "reg", i);
        end(w);
    }
    end(w);
}

static void timer_node(struct writer *w, uint32_t cpus)
{
    uint32_t flags = ((1u << cpus) - 1u) << 8 | LEVEL_HIGH;
    begin(w, "timer");
    string(w, "compatible", "arm,armv7-timer");
    flag(w, "always-on");
    CELLS(w, "interrupts", GIC_PPI, 13, flags, GIC_PPI, 14, flags, GIC_PPI, 11, flags, GIC_PPI, 10,
          flags);
    end(w);
}

static void psci_node(struct writer *w)
{
    begin(w, "psci");
    STRINGS(w, "compatible", "arm,psci-1.0\0arm,psci-0.2\0arm,psci");
    string(w, "method", "hvc");
    cell(w, "cpu_suspend", PSCI_CPU_SUSPEND);
    cell(w, "cpu_off", PSCI_CPU_OFF);
    cell(w, "cpu_on", PSCI_CPU_ON);
    end(w);
}

static void gic_node(struct writer *w)
{
    begin(w, "intc@8000000");
    string(w, "compatible", "arm,cortex-a15-gic");
    flag(w, "interrupt-controller");
    cell(w, "#interrupt-cells", 3);
    cell(w, "#address-cells", 2);
    cell(w, "#size-cells", 2);
    flag(w, "ranges");
    CELLS(w, "reg", 0, GICD_BASE, 0, WINDOW, 0, GICC_BASE, 0, WINDOW);
    cell(w, "phandle", PHANDLE_GIC);
    end(w);
}

static void clock_node(struct writer *w)
{
    begin(w, "apb-pclk");
    string(w, "compatible", "fixed-clock");
    cell(w, "#clock-cells", 0);
    cell(w, "clock-frequency", 24000000);
    string(w, "clock-output-names", "clk24mhz");
    cell(w, "phandle", PHANDLE_CLOCK);
    end(w);
}

static void uart_node(struct writer *w)
{
    begin(w, "pl011@9000000");
    STRINGS(w, "compatible", "arm,pl011\0arm,primecell");
    CELLS(w, "reg", 0, PL011_BASE, 0, 0x1000);
    CELLS(w, "interrupts", GIC_SPI, SPI(PL011_IRQ), LEVEL_HIGH);
    CELLS(w, "clocks", PHANDLE_CLOCK, PHANDLE_CLOCK);
    STRINGS(w, "clock-names", "uartclk\0apb_pclk");
    end(w);
}

static void rtc_node(struct writer *w)
{
    begin(w, "pl031@9010000");
    STRINGS(w, "compatible", "arm,pl031\0arm,primecell");
    CELLS(w, "reg", 0, PL031_BASE, 0, 0x1000);
    CELLS(w, "interrupts", GIC_SPI, SPI(PL031_IRQ), LEVEL_HIGH);
    cell(w, "clocks", PHANDLE_CLOCK);
    string(w, "clock-names", "apb_pclk");
    end(w);
}

/* A node named as the specification's generic-name@address has it. */
static void begin_at(struct writer *w, const char *name, uint64_t base)
{
    char full[40];
    (void)snprintf(full, sizeof(full), "%.20s@%llx", name, (unsigned long long)base);
    begin(w, full);
}

static void reg(struct writer *w, uint64_t base, uint64_t size)
{
    CELLS(w, "reg", (uint32_t)(base >> 32), (uint32_t)base, (uint32_t)(size >> 32), (uint32_t)size);
}

static void virtio_node(struct writer *w, uint32_t slot)
{
    uint64_t base = VIRTIO_BASE + slot * VIRTIO_STRIDE;
    begin_at(w, "virtio_mmio", base);
    flag(w, "dma-coherent");
    CELLS(w, "interrupts", GIC_SPI, SPI(VIRTIO_IRQ + slot), EDGE_RISING);
    reg(w, base, VIRTIO_STRIDE);
    string(w, "compatible", "virtio,mmio");
    end(w);
}

static bool is_compatible(const struct boot_device *d, const char *with)
{
    return fdt_stringlist_contains(d->compatible, (int)d->compatible_size, with) != 0;
}

/* The model's part of the first compatible string: "arm,pl031" is a pl031. */
static void device_name(const struct boot_device *d, char name[21])
{
    const char *comma = strchr(d->compatible, ',');
    const char *from = comma != NULL ? comma + 1 : d->compatible;
    uint32_t n = 0;
    while (n < 20u && (isalnum((unsigned char)from[n]) || from[n] == '-' || from[n] == '_')) {
        name[n] = from[n];
        n++;
    }
    name[n] = '\0';
}

static void device_node(struct writer *w, const struct boot_device *d)
{
    char name[21];
    device_name(d, name);
    begin_at(w, name[0] != '\0' ? name : "device", d->base);
    strings(w, "compatible", d->compatible, d->compatible_size);
    reg(w, d->base, d->size);
    CELLS(w, "interrupts", GIC_SPI, SPI(d->irq), d->edge ? EDGE_RISING : LEVEL_HIGH);
    if (is_compatible(d, "arm,pl011")) {
        CELLS(w, "clocks", PHANDLE_CLOCK, PHANDLE_CLOCK);
        STRINGS(w, "clock-names", "uartclk\0apb_pclk");
    } else if (is_compatible(d, "arm,primecell")) {
        cell(w, "clocks", PHANDLE_CLOCK);
        string(w, "clock-names", "apb_pclk");
    }
    if (d->dma_coherent) {
        flag(w, "dma-coherent");
    }
    end(w);
}

static void channel_node(struct writer *w, const struct boot_channel *c)
{
    begin_at(w, "channel", c->base);
    string(w, "compatible", "pecan,channel");
    reg(w, c->base, c->size);
    CELLS(w, "interrupts", GIC_SPI, SPI(c->irq), EDGE_RISING);
    cell(w, "pecan,channel", c->number);
    cell(w, "pecan,end", c->end);
    cell(w, "pecan,port", c->port);
    string(w, "pecan,peer", c->peer);
    end(w);
}

/* Is this page one of a device that is the guest's own? */
static bool page_dedicated(const struct boot_devices *devices, uint64_t page)
{
    for (uint32_t i = 0; i < devices->device_count; i++) {
        const struct boot_device *d = &devices->device[i];
        if (d->base < page + 0x1000u && page < d->base + d->size) {
            return true;
        }
    }
    return false;
}

static void device_nodes(struct writer *w, const struct boot_devices *devices)
{
    for (uint32_t i = 0; i < devices->virtio_count; i++) {
        virtio_node(w, i);
    }
    for (uint32_t i = 0; i < devices->device_count; i++) {
        device_node(w, &devices->device[i]);
    }
    for (uint32_t i = 0; i < devices->channel_count; i++) {
        channel_node(w, &devices->channel[i]);
    }
}

static void hypervisor_node(struct writer *w)
{
    begin(w, "hypervisor");
    string(w, "compatible", "pecan,hypervisor");
    string(w, "method", "hvc");
    end(w);
}

static void root_node(struct writer *w, const struct boot_tree *tree)
{
    begin(w, "");
    cell(w, "interrupt-parent", PHANDLE_GIC);
    cell(w, "#address-cells", 2);
    cell(w, "#size-cells", 2);
    string(w, "compatible", "linux,dummy-virt");
    psci_node(w);
    memory_node(w, tree);
    cpu_nodes(w, tree->cpus);
    timer_node(w, tree->cpus);
    gic_node(w);
    clock_node(w);
    uart_node(w);
    if (!page_dedicated(&tree->devices, PL031_BASE)) {
        rtc_node(w);
    }
    device_nodes(w, &tree->devices);
    hypervisor_node(w);
    chosen_node(w, tree);
    end(w);
}

l4_status_t boot_tree_write(const struct boot_tree *tree, void *buffer, uint32_t buffer_size,
                            uint32_t *size)
{
    struct writer w = {buffer, fdt_create(buffer, (int)buffer_size)};
    w.error = w.error != 0 ? w.error : fdt_finish_reservemap(buffer);
    root_node(&w, tree);
    w.error = w.error != 0 ? w.error : fdt_finish(buffer);
    if (w.error != 0 || fdt_totalsize(buffer) + TREE_ROOM > buffer_size) {
        return L4_ERR_NO_MEMORY;
    }
    *size = fdt_totalsize(buffer) + TREE_ROOM;
    return fdt_open_into(buffer, buffer, (int)*size) == 0 ? L4_OK : L4_ERR_NO_MEMORY;
}
