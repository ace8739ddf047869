/*
 * One good board and two domains for the tests of `access`; each case changes one thing of it.
 */
#ifndef TEST_INIT_BOARD_H
#define TEST_INIT_BOARD_H

#include <stdio.h>

#include <l4/format/dt.h>

#include "tree.h"

enum phandle {
    NONE,
    PART0,
    PART1,
    PORT0,
    PORT1,
    UPLINK,
    CHAN0,
    CHAN1,
    NET0,
    RNG,
    CONS,
    NET1,
    RTC,
    DISK
};

static struct config config;
static char problems[4096];

/* What a case changes. */
static struct {
    uint32_t access_a[16], count_a; /* of domain a; 0: none */
    uint32_t access_b[16], count_b;
    bool untrusted, mapped;  /* domain b lacks dma-trusted; has its RAM elsewhere */
    bool disabled;           /* the entropy device */
    bool uplink_disabled;    /* the switch's network device */
    uint32_t offset1, size1; /* of the second partition */
    uint32_t rtc;            /* address of the clock */
    uint8_t mac1;            /* last byte of the second port's */
    uint32_t peer;           /* that the first port names; 0: none */
    uint32_t channel_size;
    uint32_t channel1_port;
    const char *port_property; /* one more, of the first port */
    uint32_t interrupt;        /* of all devices; 0: each has its own */
    uint32_t size_cells;       /* of the table of partitions */
    uint32_t disk_size;        /* 0: none */
    uint32_t port_number;      /* of the second port */
    const char *root_node;     /* one more */
} t;

static void note(void *context, const char *path, const char *property, const char *what,
                 const char *remedy)
{
    (void)context;
    const size_t used = strlen(problems);
    assert_true(remedy[0] != '\0');
    (void)snprintf(problems + used, sizeof problems - used, "%s: %s: %s\n", path, property, what);
}

static void device(const char *name, uint32_t base, const char *kind, uint32_t phandle, bool on)
{
    node(name);
    string("compatible", kind != NULL ? "virtio,mmio" : "arm,pl031");
    cells("reg", 4, 0u, base, 0u, 0x200u);
    cells("interrupts", 3, 0u,
          t.interrupt != 0 ? t.interrupt : 16u + (base >> 9 & 0xffu) + (kind == NULL ? 256u : 0u),
          1u);
    if (kind != NULL) {
        string("pecan,qemu-device", kind);
    }
    string("status", on ? "okay" : "disabled");
    cells("phandle", 1, phandle);
}

static void partition(const char *name, uint32_t offset, uint32_t size, uint32_t phandle)
{
    node(name);
    string("label", name);
    cells("reg", 4, 0u, offset, 0u, size);
    cells("phandle", 1, phandle);
    if (phandle == PART1) {
        flag("read-only");
    }
    end();
}

static void port(const char *name, uint32_t n, uint32_t phandle)
{
    const uint8_t mac[] = {2, 0, 0, 0, 0, n == 1 ? t.mac1 : (uint8_t)n};
    node(name);
    cells("reg", 1, n == 1 ? t.port_number : n);
    cells("phandle", 1, phandle);
    if (n == 2) {
        cells("ethernet", 1, (uint32_t)NET0);
    } else {
        assert_int_equal(fdt_property(tree, "mac-address", mac, sizeof mac), 0);
    }
    if (n == 0 && t.peer != 0) {
        cells("pecan,peers", 1, t.peer);
    }
    if (n == 0 && t.port_property != NULL) {
        cells(t.port_property, 1, 5u);
    }
    end();
}

static void channel(const char *name, uint32_t number, uint32_t phandle)
{
    node(name);
    string("compatible", "pecan,channel");
    cells("pecan,port", 1, number);
    cells("pecan,size", 1, t.channel_size);
    cells("phandle", 1, phandle);
    end();
}

static void board(void)
{
    device("disk@a000000", 0x0a000000, "virtio-blk-device", DISK, true);
    if (t.disk_size != 0) {
        cells("pecan,size", 2, 0u, t.disk_size);
    }
    node("partitions");
    string("compatible", "fixed-partitions");
    cells("#address-cells", 1, 2u);
    cells("#size-cells", 1, t.size_cells);
    partition("partition@0", 0, 0x100000, PART0);
    partition("partition@100000", t.offset1, t.size1, PART1);
    end();
    end();
    device("net@a000200", 0x0a000200, "virtio-net-device", NET0, !t.uplink_disabled);
    end();
    device("rng@a000600", 0x0a000600, "virtio-rng-device", RNG, !t.disabled);
    end();
    device("serial@a000400", 0x0a000400, "virtio-serial-device", CONS, true);
    end();
    device("net@a003000", 0x0a003000, "virtio-net-device", NET1, true);
    end();
    device("rtc", t.rtc, NULL, RTC, true);
    end();
    node("switch");
    string("compatible", "pecan,ethernet-switch");
    cells("#address-cells", 1, 1u);
    cells("#size-cells", 1, 0u);
    port("port@0", 0, PORT0);
    port("port@1", 1, PORT1);
    port("port@2", 2, UPLINK);
    end();
    channel("channel0", 5000, CHAN0);
    channel("channel1", t.channel1_port, CHAN1);
    if (t.root_node != NULL) {
        node(t.root_node);
        end();
    }
}

static void domain(const char *name, const uint32_t *access, uint32_t count, bool direct)
{
    fdt32_t big[16];
    node(name);
    string("compatible", "openamp,domain-v1");
    cells("memory", 4, 0u, direct ? 0u : 0x40000000u, 0u, 0x400000u);
    string("pecan,rom", "x");
    if (direct) {
        flag("pecan,direct-map");
        if (!t.untrusted) {
            flag("pecan,dma-trusted");
        }
    }
    for (uint32_t i = 0; i < count; i++) {
        big[i] = cpu_to_fdt32(access[i]);
    }
    if (count != 0) {
        assert_int_equal(fdt_property(tree, "access", big, (int)(4 * count)), 0);
    }
    end();
}

static inline void begin(void)
{
    memset(&t, 0, sizeof t);
    const uint32_t a[] = {PART0, 0, PORT0, 0, CHAN0, 0, CHAN1, 2, RNG, 0, CONS, 0};
    const uint32_t b[] = {PART1, 0, PORT1, 0, CHAN0, 2, CHAN1, 2, NET1, 1, RTC, 1};
    memcpy(t.access_a, a, sizeof a);
    memcpy(t.access_b, b, sizeof b);
    t.count_a = t.count_b = 12;
    t.offset1 = t.size1 = 0x100000;
    t.rtc = 0x09010000;
    t.mac1 = 1;
    t.channel_size = 8192;
    t.size_cells = 2;
    t.disk_size = 0x200000;
    t.port_number = 1;
    t.channel1_port = 5001;
}

static inline const char *read_all(void)
{
    struct config_report report = {note, NULL, 0};
    problems[0] = '\0';
    assert_int_equal(fdt_create(tree, TREE_SIZE), 0);
    assert_int_equal(fdt_finish_reservemap(tree), 0);
    node("");
    board();
    node("domains");
    cells("#address-cells", 1, 2u);
    cells("#size-cells", 1, 2u);
    domain("a", t.access_a, t.count_a, false);
    domain("b", t.access_b, t.count_b, !t.mapped);
    end();
    end();
    assert_int_equal(fdt_finish(tree), 0);
    assert_true(dt_check(tree, TREE_SIZE));
    config_read(tree, &config, &report);
    return problems;
}

#endif
