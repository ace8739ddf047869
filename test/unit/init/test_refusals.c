/*
 * `access`: every refusal.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "board.h"

/* The first entry of domain a (or b) becomes <&phandle flags>. */
static const char *with(uint32_t *access, uint32_t entry, uint32_t phandle, uint32_t flags)
{
    access[2 * entry] = phandle;
    access[2 * entry + 1] = flags;
    return read_all();
}

static void refuses_bad_entries(void **state)
{
    (void)state;
    begin();
    assert_non_null(
        strstr(with(t.access_a, 0, 99, 0), "/domains/a: access: no node has the phandle 0x63"));
    begin();
    assert_non_null(strstr(with(t.access_a, 0, PART0, 3), "'partition@0' has the unknown flags 3"));
    begin();
    assert_non_null(strstr(with(t.access_a, 0, RNG, 0), "'rng@a000600' is given twice"));
    begin();
    t.count_a = 11;
    assert_non_null(strstr(read_all(), "access: must be pairs"));
    begin();
    assert_non_null(
        strstr(with(t.access_a, 0, PART0, 1),
               "'partition@0' is a partition and takes PECAN_SHARED, not PECAN_DEDICATED"));
    begin();
    assert_non_null(strstr(with(t.access_a, 0, RTC, 2),
                           "'rtc' is a device and takes PECAN_SHARED, not PECAN_MEMORY"));
    begin();
    assert_non_null(
        strstr(with(t.access_a, 0, DISK, 0), "'disk@a000000' cannot be shared as a whole"));
    begin();
    assert_non_null(strstr(with(t.access_a, 2, CHAN0, 1), "'channel0' is a channel"));
    begin();
    t.disabled = true;
    assert_non_null(strstr(read_all(), "/domains/a: access: 'rng@a000600' is disabled"));
}

static void refuses_what_belongs_to_another(void **state)
{
    (void)state;
    begin();
    assert_non_null(strstr(with(t.access_b, 0, PART0, 0),
                           "/domains/b: access: 'partition@0' belongs to a already"));
    begin();
    assert_non_null(
        strstr(with(t.access_b, 1, PORT0, 0), "/domains/b: access: 'port@0' belongs to a already"));
    begin();
    assert_non_null(strstr(with(t.access_b, 1, UPLINK, 0), "'port@2' is the switch's uplink"));
    begin();
    assert_non_null(
        strstr(with(t.access_a, 0, RTC, 1), "/domains/b: access: 'rtc' is dedicated to a already"));
    begin();
    assert_non_null(strstr(with(t.access_b, 4, RNG, 1),
                           "/domains/b: access: 'rng@a000600' is shared with a already"));
    begin();
    assert_non_null(
        strstr(with(t.access_b, 4, DISK, 1), "'disk@a000000' is shared with a already"));
    begin();
    assert_non_null(strstr(with(t.access_b, 4, NET0, 1),
                           "/switch/port@2: ethernet: 'net@a000200' is dedicated to b already"));
}

static void refuses_unsafe_devices(void **state)
{
    (void)state;
    begin();
    t.untrusted = true;
    assert_string_equal(
        read_all(), "/domains/b: access: 'net@a003000' masters the bus and can reach all memory\n");
    begin();
    t.mapped = true;
    assert_non_null(strstr(
        read_all(), "/domains/b: access: 'net@a003000' masters the bus with physical addresses"));
    begin();
    t.rtc = 0x0a003800;
    t.access_b[10] = NET1; /* the clock shares the page and stays with nobody */
    t.access_b[11] = 1;
    t.count_b = 10;
    assert_string_equal(read_all(), "/domains/b: access: the page at 0xa003000 of 'net@a003000' "
                                    "holds registers of 'rtc' too\n");
    begin();
    t.rtc = 0x0a003800; /* both are b's */
    assert_string_equal(read_all(), "");
}

static void refuses_the_places_of_the_machine(void **state)
{
    (void)state;
    static const struct {
        uint32_t address;
        const char *what;
    } cases[] = {
        {0x08010000, "page 0x8010000, where guests find their VM's interrupt controller"},
        {0x09000800, "page 0x9000000, where guests find their VM's serial port"},
        {0x0a000e00, "page 0xa000000, where guests find their VM's virtio devices"},
        {0x0b07f000, "page 0xb07f000, where guests find their VM's channels"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        begin();
        t.rtc = cases[i].address;
        assert_non_null(strstr(read_all(), cases[i].what));
    }
    begin();
    t.rtc = 0x0b080000;
    assert_string_equal(read_all(), "");
    begin(); /* domain a has 4 MiB at 0x40000000 */
    t.rtc = 0x403ff000;
    t.count_b = 10;
    assert_string_equal(with(t.access_a, 4, RTC, 1),
                        "/domains/a: access: 'rtc' lies where the domain has its memory\n");
    t.rtc = 0x40400000;
    assert_string_equal(read_all(), "");
}

static void refuses_a_shared_interrupt(void **state)
{
    (void)state;
    begin();
    t.interrupt = 40;
    assert_non_null(
        strstr(read_all(), "/domains/b: access: 'net@a003000' has the interrupt of 'rng@a000600'"));
    assert_null(strstr(problems, "'net@a003000' has the interrupt of 'rtc'")); /* b's too */
}

static void refuses_bad_nodes(void **state)
{
    (void)state;
    begin();
    t.root_node = "telephone";
    assert_string_equal(read_all(), "/telephone: : unknown node\n");
    begin();
    t.root_node = "chosen";
    assert_string_equal(read_all(), "");
    begin();
    t.size_cells = 1;
    assert_string_equal(read_all(), "/disk@a000000/partitions: #size-cells: must be <2>\n");
    begin();
    t.disk_size = 0;
    assert_string_equal(read_all(), "/disk@a000000: pecan,size: missing\n");
    begin();
    t.disk_size = 0x200100;
    assert_string_equal(read_all(), "/disk@a000000: pecan,size: 0x200100 is not whole sectors\n");
    begin();
    t.port_number = 0;
    assert_string_equal(read_all(), "/switch/port@1: reg: 0 is the number of 'port@0' too\n");
}

static void refuses_bad_partitions(void **state)
{
    (void)state;
    begin();
    t.offset1 = 0xffe00;
    assert_string_equal(read_all(),
                        "/disk@a000000/partitions/partition@100000: reg: overlaps 'partition@0'\n");
    begin();
    t.size1 = 0x100200;
    assert_non_null(strstr(read_all(), "ends beyond the disk's 0x200000 bytes"));
    begin();
    t.size1 = 0x100;
    assert_non_null(strstr(read_all(), "is empty or not whole sectors"));
}

static void refuses_bad_ports(void **state)
{
    (void)state;
    begin();
    t.mac1 = 0;
    assert_string_equal(
        read_all(),
        "/switch/port@1: mac-address: 02:00:00:00:00:00 is the address of 'port@0' too\n");
    begin();
    t.peer = RNG;
    assert_string_equal(
        read_all(), "/switch/port@0: pecan,peers: 'rng@a000600' is not a port of this switch\n");
    begin();
    t.peer = UPLINK;
    assert_string_equal(read_all(), "");
    assert_int_equal(config.port[0].peers, 0x4);
    begin();
    t.port_property = "pecan,rate-kpbs";
    assert_string_equal(read_all(), "/switch/port@0: pecan,rate-kpbs: unknown property\n");
    begin();
    t.mac1 = 0;
    t.count_b = 2; /* the port is nobody's */
    assert_non_null(strstr(read_all(), "/switch/port@1: mac-address: 02:00:00:00:00:00 is the"));
    begin();
    t.peer = PORT0;
    assert_string_equal(read_all(), "/switch/port@0: pecan,peers: a port is no peer of its own\n");
    begin();
    t.uplink_disabled = true;
    assert_string_equal(read_all(), "/switch/port@2: ethernet: 'net@a000200' is disabled\n");
}

static void refuses_bad_channels(void **state)
{
    (void)state;
    begin();
    t.channel_size = 12288;
    assert_non_null(strstr(read_all(), "/channel0: pecan,size: 12288 is not a power of two"));
    begin();
    t.channel_size = 65536;
    assert_non_null(strstr(read_all(), "/channel0: pecan,size: 65536 is out of range"));
    begin();
    t.channel1_port = 5000;
    assert_non_null(
        strstr(read_all(), "/domains/a: access: two of its channels have pecan,port 5000"));
    begin();
    assert_string_equal(with(t.access_b, 2, CONS, 0), "/channel0: : 1 domain has it\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refuses_bad_entries),
        cmocka_unit_test(refuses_what_belongs_to_another),
        cmocka_unit_test(refuses_unsafe_devices),
        cmocka_unit_test(refuses_the_places_of_the_machine),
        cmocka_unit_test(refuses_a_shared_interrupt),
        cmocka_unit_test(refuses_bad_nodes),
        cmocka_unit_test(refuses_bad_partitions),
        cmocka_unit_test(refuses_bad_ports),
        cmocka_unit_test(refuses_bad_channels),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
