/*
 * `access`: what each entry becomes in the servers' tables, and the checks against the board.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <l4/proto/disk.h>

#include "board.h"

static void fills_the_tables(void **state)
{
    (void)state;
    begin();
    assert_string_equal(read_all(), "");
    const uint32_t a = config_badge(0);
    const uint32_t b = config_badge(1);
    assert_int_equal(config.disk_count, 2);
    assert_int_equal(config.disk[0].badge, a);
    assert_int_equal(config.disk[0].flags, 0);
    assert_int_equal(config.disk[0].device, 0x0a000000);
    assert_int_equal(config.disk[0].first, 0);
    assert_int_equal(config.disk[1].badge, b);
    assert_int_equal(config.disk[1].flags, L4_DISK_READ_ONLY);
    assert_int_equal(config.disk[1].first, 0x800);
    assert_int_equal(config.disk[1].sectors, 0x800);
    assert_string_equal(config.disk[1].label, "partition@100000");

    assert_int_equal(config.port_count, 3);
    assert_int_equal(config.port[0].badge, a);
    assert_int_equal(config.port[0].peers, 0x6);
    assert_int_equal(config.port[1].badge, b);
    assert_int_equal(config.port[1].peers, 0x5);
    assert_int_equal(config.port[1].mac[5], 1);
    assert_int_equal(config.port[2].badge, L4_BADGE_NET);
    assert_int_equal(config.port[2].peers, 0x3);
    assert_int_equal(config.nic_count, 1);
    assert_int_equal(config.nic[0].device, 0x0a000200);
    assert_int_equal(config.nic[0].badge, L4_BADGE_NET);

    assert_int_equal(config.channel_count, 2);
    assert_int_equal(config.channel[0].port, 5000);
    assert_int_equal(config.channel[0].ends.size, 8192);
    assert_int_equal(config.channel[0].ends.badge[0], a);
    assert_int_equal(config.channel[0].ends.badge[1], b);
    assert_int_equal(config.channel[0].flags[0], 0);
    assert_int_equal(config.channel[0].flags[1], L4_CHANNEL_MEMORY);

    assert_int_equal(config.grant_count, 2);
    assert_int_equal(config.grant[0].badge, b);
    assert_int_equal(config.grant[0].base, 0x0a003000);
    assert_int_equal(config.grant[1].base, 0x09010000);
    assert_int_equal(config.device_count, 6);

    assert_int_equal(config.domain[0].flags, L4_VMM_CONSOLE | L4_VMM_ENTROPY);
    assert_int_equal(config.domain[0].disk_count, 1);
    assert_int_equal(config.domain[0].port_count, 1);
    assert_int_equal(config.domain[0].channel_count, 2);
    assert_int_equal(config.domain[1].grant_count, 2);
    assert_true(config.domain[1].direct_map && config.domain[1].dma_trusted);
}

static void numbers_channels_for_both_ends(void **state)
{
    (void)state;
    begin();
    const uint32_t a[] = {CHAN1, 0, CHAN0, 0};
    const uint32_t b[] = {CHAN1, 0, CHAN0, 0};
    memcpy(t.access_a, a, sizeof a);
    memcpy(t.access_b, b, sizeof b);
    t.count_a = t.count_b = 4;
    assert_string_equal(read_all(), "");
    assert_int_equal(config.channel[0].port, 5001);
    assert_int_equal(config.channel[1].port, 5000);
    t.access_b[0] = CHAN0;
    t.access_b[2] = CHAN1;
    assert_string_equal(read_all(), "/domains/a: access: 'channel1' comes earlier in this domain "
                                    "and later in another\n");
}

static bool any_image(void *context, const char *name, uint64_t *size)
{
    (void)name;
    *size = 4096;
    return strcmp(name, context) != 0;
}

static void checks_the_board(void **state)
{
    (void)state;
    static uint64_t board_words[TREE_SIZE / 8];
    struct config_report report = {note, NULL, 0};
    begin();
    assert_string_equal(read_all(), "");
    memcpy(board_words, tree, TREE_SIZE);
    fdt_set_totalsize(board_words, TREE_SIZE);
    const struct config_board same = {1u << 30, any_image, (void *)"", board_words, 0x09000000};
    assert_int_equal(fdt_setprop_u32(board_words, 0, "#address-cells", 2), 0);
    assert_int_equal(fdt_setprop_u32(board_words, 0, "#size-cells", 2), 0);
    config_check(&config, &same, &report);
    assert_string_equal(problems, "");
    /* Another clock, no switch's server, and the clock as the system's console. */
    const int rtc = fdt_path_offset(board_words, "/rtc");
    assert_int_equal(fdt_setprop_string(board_words, rtc, "compatible", "another,clock"), 0);
    const struct config_board other = {1u << 30, any_image, (void *)"ipc-net", board_words,
                                       0x09010000};
    config_check(&config, &other, &report);
    assert_string_equal(problems, "/: : image ipc-net is missing\n"
                                  "/rtc: reg: the board has no 'arm,pl031' at 0x9010000\n"
                                  "/rtc: : the system's own console cannot be dedicated\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fills_the_tables),
        cmocka_unit_test(numbers_channels_for_both_ends),
        cmocka_unit_test(checks_the_board),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
