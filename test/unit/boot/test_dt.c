/*
 * Device-tree reading: address translation, interrupts, and trees that are cut or corrupted.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <libfdt.h>

#include <l4/format/dt.h>

#define SIZE 2048

static uint64_t tree_words[SIZE / 8];
static void *const tree = tree_words;

static void cells(const char *name, const uint32_t *values, int count)
{
    fdt32_t big[16];
    for (int i = 0; i < count; i++) {
        big[i] = cpu_to_fdt32(values[i]);
    }
    assert_int_equal(fdt_property(tree, name, big, count * 4), 0);
}

#define CELLS(name, ...)                                                                           \
    cells(name, (const uint32_t[]){__VA_ARGS__}, (int)(sizeof((const uint32_t[]){__VA_ARGS__}) / 4))

static void begin(const char *name)
{
    assert_int_equal(fdt_begin_node(tree, name), 0);
}

static void end(void)
{
    assert_int_equal(fdt_end_node(tree), 0);
}

static void string(const char *name, const char *value)
{
    assert_int_equal(fdt_property_string(tree, name, value), 0);
}

static int set_up(void **state)
{
    (void)state;
    assert_int_equal(fdt_create(tree, SIZE), 0);
    assert_int_equal(fdt_finish_reservemap(tree), 0);
    begin("");
    CELLS("#address-cells", 2);
    CELLS("#size-cells", 2);
    begin("chosen");
    string("stdout-path", "serial0:115200n8");
    end();
    begin("aliases");
    string("serial0", "/bus/uart@1000");
    end();
    begin("bus");
    CELLS("#address-cells", 1);
    CELLS("#size-cells", 1);
    CELLS("ranges", 0x0, 0x0, 0x9000000, 0x10000, 0x20000, 0x1, 0x0, 0x1000);
    begin("uart@1000");
    string("compatible", "arm,pl011");
    CELLS("reg", 0x1000, 0x100, 0x20800, 0x10, 0x50000, 0x10);
    CELLS("interrupts", 0, 5, 4, 1, 9, 1, 2, 0, 0, 0, 5000, 4);
    end();
    begin("off");
    string("compatible", "test,one");
    string("status", "disabled");
    end();
    begin("on");
    string("compatible", "test,one");
    string("status", "okay");
    CELLS("number1", 7);
    CELLS("number2", 1, 2);
    CELLS("number3", 1, 2, 3);
    end();
    end();
    end();
    assert_int_equal(fdt_finish(tree), 0);
    return 0;
}

static void translates_addresses(void **state)
{
    (void)state;
    uint64_t base = 0;
    uint64_t size = 0;
    const int uart = fdt_path_offset(tree, "/bus/uart@1000");
    assert_int_equal(dt_reg(tree, uart, 0, &base, &size), L4_OK);
    assert_int_equal(base, 0x9001000);
    assert_int_equal(size, 0x100);
    assert_int_equal(dt_reg(tree, uart, 1, &base, &size), L4_OK);
    assert_int_equal(base, 0x100000800);
    assert_int_equal(dt_reg(tree, uart, 2, &base, &size), L4_ERR_FORMAT); /* in no range */
    assert_int_equal(dt_reg(tree, uart, 3, &base, &size), L4_ERR_NOT_FOUND);
    assert_int_equal(dt_reg(tree, fdt_path_offset(tree, "/bus"), 0, &base, &size),
                     L4_ERR_NOT_FOUND);
}

static void reads_interrupts(void **state)
{
    (void)state;
    uint32_t intid = 0;
    bool edge = true;
    const int uart = fdt_path_offset(tree, "/bus/uart@1000");
    assert_int_equal(dt_interrupt(tree, uart, 0, &intid, &edge), L4_OK);
    assert_int_equal(intid, 37);
    assert_false(edge);
    assert_int_equal(dt_interrupt(tree, uart, 1, &intid, &edge), L4_OK);
    assert_int_equal(intid, 25);
    assert_true(edge);
    assert_int_equal(dt_interrupt(tree, uart, 2, &intid, &edge), L4_ERR_FORMAT);
    assert_int_equal(dt_interrupt(tree, uart, 3, &intid, &edge), L4_ERR_FORMAT);
    assert_int_equal(dt_interrupt(tree, uart, 4, &intid, &edge), L4_ERR_NOT_FOUND);
}

static void finds_nodes(void **state)
{
    (void)state;
    uint64_t value = 0;
    assert_int_equal(dt_stdout(tree), fdt_path_offset(tree, "/bus/uart@1000"));
    const int on = fdt_path_offset(tree, "/bus/on");
    assert_int_equal(dt_next_compatible(tree, -1, "test,one"), on);
    assert_true(dt_next_compatible(tree, on, "test,one") < 0);
    assert_int_equal(dt_number(tree, on, "number1", &value), L4_OK);
    assert_int_equal(value, 7);
    assert_int_equal(dt_number(tree, on, "number2", &value), L4_OK);
    assert_int_equal(value, 0x100000002);
    assert_int_equal(dt_number(tree, on, "number3", &value), L4_ERR_FORMAT);
    assert_int_equal(dt_number(tree, on, "none", &value), L4_ERR_NOT_FOUND);
    assert_null(dt_string(tree, on, "number1"));
}

/* Uses everything that reads, on a tree that may be anything that dt_check() lets pass. */
static void use(const void *blob)
{
    uint64_t base = 0;
    uint64_t size = 0;
    uint32_t intid = 0;
    bool edge = false;
    int node = 0;
    (void)dt_stdout(blob);
    while ((node = fdt_next_node(blob, node, NULL)) >= 0) {
        for (uint32_t i = 0; i < 3; i++) {
            (void)(dt_reg(blob, node, i, &base, &size) == L4_OK);
            (void)(dt_interrupt(blob, node, i, &intid, &edge) == L4_OK);
        }
        (void)dt_enabled(blob, node);
    }
    (void)dt_next_compatible(blob, -1, "test,one");
}

/* The copy has exactly  bytes on the heap: the sanitizer sees any access beyond. */
static void try_copy(const void *blob, size_t size)
{
    void *const copy = malloc(size);
    memcpy(copy, blob, size);
    if (dt_check(copy, size)) {
        use(copy);
    }
    free(copy);
}

static void survives_cuts(void **state)
{
    (void)state;
    const size_t total = fdt_totalsize(tree);
    for (size_t size = 1; size < total; size++) {
        void *const copy = malloc(size);
        memcpy(copy, tree, size);
        assert_false(dt_check(copy, size));
        free(copy);
    }
}

static void survives_corruption(void **state)
{
    (void)state;
    static const uint8_t values[] = {0x00, 0x01, 0x02, 0x04, 0x09, 0x7f, 0x80, 0xff};
    uint8_t *const bytes = tree;
    const size_t total = fdt_totalsize(tree);
    for (size_t at = 0; at < total; at++) {
        const uint8_t kept = bytes[at];
        for (size_t i = 0; i < sizeof values; i++) {
            bytes[at] = values[i];
            try_copy(tree, total);
        }
        bytes[at] = kept;
    }
}

/* Without its end, the list of reserved ranges goes on in the structure, which fdt_pack() would
 * then move beyond the tree's end. */
static void refuses_reservations_without_end(void **state)
{
    (void)state;
    assert_true(dt_check(tree, SIZE));
    memset((uint8_t *)tree + fdt_off_mem_rsvmap(tree), 0x40, 16);
    assert_false(dt_check(tree, SIZE));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(translates_addresses, set_up),
        cmocka_unit_test_setup(reads_interrupts, set_up),
        cmocka_unit_test_setup(finds_nodes, set_up),
        cmocka_unit_test_setup(refuses_reservations_without_end, set_up),
        cmocka_unit_test_setup(survives_cuts, set_up),
        cmocka_unit_test_setup(survives_corruption, set_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
