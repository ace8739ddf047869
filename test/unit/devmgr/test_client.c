/*
 * devmgr's clients and their sessions over test/unit/fake_l4: what a client can open and with which
 * rights, whose guest RAM a device is given, and what has ended when init hears that it has.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <fake_l4.h>
#include <l4/start.h>

#include "devmgr.h"

#define PAGES 8u /* slots that init has filled */
#define FIRST 16u
#define LAST 96u
#define CLIENT 100u /* slots of clients, in the same table */
#define WINDOW 0x20000000u
#define COUNT 20u /* pages */

#define A (L4_BADGE_CLIENT_FIRST + 0u)
#define B (L4_BADGE_CLIENT_FIRST + 1u)
#define RAM_PA 0x80000000u
#define RAM_SIZE 0x100000u
#define MS 1000000ull
#define MEMORY (L4_RIGHT_READ | L4_RIGHT_WRITE | L4_RIGHT_INFO | L4_RIGHT_COPY)

struct devmgr devmgr;
static struct l4_start_devmgr start;
static uint32_t forgotten; /* disks, a bit each */
static bool forgets;       /* the device lets itself be reset */
static bool takes_back;

void devmgr_fail(const char *what, l4_status_t status)
{
    fail_msg("%s: %d", what, status);
    abort();
}

bool devices_forget(uint32_t owners)
{
    forgotten |= owners;
    for (uint32_t i = 0; i < devmgr.disks.count; i++) {
        if ((owners >> i & 1u) != 0) {
            disk_forgotten(&devmgr.disks.disk[i]);
        }
    }
    return forgets;
}

void devices_signal(uint32_t bits)
{
    (void)bits;
}

bool grant_take_back(uint32_t badge)
{
    (void)badge;
    return takes_back;
}

void ports_control_open(struct l4_console_page *page)
{
    (void)page;
}

void ports_control_close(void)
{
}

/* Client A has disks 0 and 2, B has disk 1. */
static int set_up(void **state)
{
    (void)state;
    fake_l4_init();
    fake_give_region(PAGES, FAKE_PA, COUNT * L4_PAGE_SIZE, L4_RIGHT_ALL);
    start = (struct l4_start_devmgr){
        .pages = PAGES, .page_count = COUNT, .client_count = 2, .disk_count = 3};
    start.client[0] = (struct l4_start_client){.name = "a", .badge = A};
    start.client[1] = (struct l4_start_client){.name = "b", .badge = B};
    for (uint32_t i = 0; i < 3; i++) {
        start.disk[i] = (struct l4_start_disk){.badge = i == 1 ? B : A, .label = "disk"};
    }
    memset(&devmgr, 0, sizeof devmgr);
    devmgr.start = &start;
    devmgr.vcon.dev.base = 1; /* there is a management port */
    devmgr.blk[1].dev.failed = true;
    l4_slots_init(&devmgr.slots, FIRST, LAST);
    l4_window_init(&devmgr.window, WINDOW, COUNT * L4_PAGE_SIZE);
    devmgr.offer = devmgr_slot();
    memory_init(&start);
    client_init(&start);
    session_add_consoles();
    devmgr.disks.count = 3;
    for (uint32_t i = 0; i < 3; i++) {
        devmgr.disks.disk[i] = (struct disk){.blk = &devmgr.blk[0], .sectors = 1};
    }
    session_add_others();
    forgotten = 0;
    forgets = takes_back = true;
    return 0;
}

static bool has(uint32_t slot)
{
    return fake_l4.cap[slot].type != L4_TYPE_NULL;
}

static l4_status_t open(uint32_t badge, uint32_t kind, uint32_t number, struct l4_msg *msg)
{
    fake_give(devmgr.offer, L4_TYPE_ENDPOINT, L4_RIGHT_SIGNAL | L4_RIGHT_INFO);
    *msg = l4_msg(L4_SESSION_OPEN, badge << 8, kind, number, 0);
    msg->tag = l4_tag(L4_SESSION_OPEN, 0, 1);
    session_open(badge, msg);
    if ((l4_status_t)msg->w[0] != L4_OK) {
        fake_l4.cap[devmgr.offer] = (struct fake_cap){0}; /* as main.c does */
    }
    return (l4_status_t)msg->w[0];
}

/* The client takes the memory. */
static void take(uint32_t slot, const struct l4_msg *msg)
{
    assert_int_equal(l4_tag_items(msg->tag), 1);
    assert_int_equal(fake_receive(0, slot), L4_OK);
    assert_int_equal(fake_l4.cap[slot].size, msg->w[2]);
    assert_int_equal(fake_l4.cap[slot].rights, MEMORY);
}

static l4_status_t give_ram(uint32_t badge, uint32_t rights)
{
    struct l4_msg msg = l4_msg(DEVMGR_CLIENT_RAM, badge, 0, 0, 0);
    msg.tag = l4_tag(DEVMGR_CLIENT_RAM, 0, 1);
    fake_give_region(devmgr.offer, RAM_PA + (badge << 20), RAM_SIZE, rights);
    client_ram(&msg);
    fake_l4.cap[devmgr.offer] = (struct fake_cap){0};
    return (l4_status_t)msg.w[0];
}

#define LATER 1 /* no answer yet */

static l4_status_t gone(uint32_t badge)
{
    struct l4_msg msg = l4_msg(DEVMGR_CLIENT_GONE, badge, 0, 0, 0);
    return client_gone(&msg) ? (l4_status_t)msg.w[0] : LATER;
}

/* --- Sessions -----------------------------------------------------------------------------------
 */

/* Each has memory of its own, which cannot be executed and does not tell where it lies. */
static void test_memory(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < devmgr.session_count; i++) {
        const struct session *const session = &devmgr.session[i];
        const struct fake_cap *const memory = &fake_l4.cap[session->memory];
        assert_int_equal(memory->rights, MEMORY);
        assert_int_equal(memory->pa, session->page.pa);
        assert_int_equal(memory->pa, FAKE_PA + i * L4_PAGE_SIZE);
        assert_int_equal((uintptr_t)session->page.va, WINDOW + i * L4_PAGE_SIZE);
    }
    assert_int_equal(devmgr.session_count, 2 + 3 + 1);
    struct dma piece;
    l4_cap_t region = L4_CAP_NULL;
    const uint32_t before = fake_count();
    assert_int_equal(memory_take((COUNT - 5) * L4_PAGE_SIZE, &piece, &region), L4_ERR_NO_MEMORY);
    assert_int_equal(fake_count(), before);
    assert_int_equal(memory_take((COUNT - 6) * L4_PAGE_SIZE - 1, &piece, &region), L4_OK);
    assert_int_equal(piece.pa, FAKE_PA + 6 * L4_PAGE_SIZE);
    assert_int_equal(piece.size, (COUNT - 6) * L4_PAGE_SIZE);
}

static void test_open(void **state)
{
    (void)state;
    struct l4_msg msg;
    assert_int_equal(open(A, L4_SESSION_DISK, 1, &msg), L4_OK); /* the third of all */
    take(CLIENT, &msg);
    assert_int_equal(msg.w[1], SIGNAL_DISK(2));
    assert_true(devmgr.disks.disk[2].open);
    assert_int_equal(open(0, L4_SESSION_CONTROL, 0, &msg), L4_OK); /* init */
    assert_int_equal(open(B, L4_SESSION_CONSOLE, 0, &msg), L4_OK);
    assert_int_equal(devmgr.session[1].index, 1);
    session_ring_index(L4_SESSION_CONSOLE, 0); /* not open */
    session_ring_index(L4_SESSION_CONSOLE, 1);
    assert_int_equal(fake_l4.signals, 1);
    assert_int_equal(fake_l4.signal[0].bits, B << 8);
}

static void test_not_configured(void **state)
{
    (void)state;
    struct l4_msg msg;
    assert_int_equal(open(A, L4_SESSION_DISK, 2, &msg), L4_ERR_CONFIG);
    assert_int_equal(open(B, L4_SESSION_DISK, 1, &msg), L4_ERR_CONFIG);
    assert_int_equal(open(A, L4_SESSION_CONTROL, 0, &msg), L4_ERR_CONFIG);
    assert_int_equal(open(A, L4_SESSION_ENTROPY, 0, &msg), L4_ERR_CONFIG);
    assert_int_equal(open(A, L4_SESSION_PORT, 0, &msg), L4_ERR_CONFIG);
    assert_int_equal(open(0, L4_SESSION_DISK, 0, &msg), L4_ERR_CONFIG);
    devmgr.blk[0].dev.failed = true;
    assert_int_equal(open(A, L4_SESSION_DISK, 0, &msg), L4_ERR_IO);
    for (uint32_t i = 0; i < devmgr.session_count; i++) {
        assert_int_equal(devmgr.session[i].doorbell, L4_CAP_NULL);
    }
}

/* Again and again: the earlier memory is taken away before the reply, and no slot is lost. */
static void test_reopen(void **state)
{
    (void)state;
    struct l4_msg msg;
    for (uint32_t i = 0; i < 200; i++) {
        assert_int_equal(open(A, L4_SESSION_DISK, 0, &msg), L4_OK);
        assert_false(has(CLIENT));
        take(CLIENT, &msg);
    }
    msg = l4_msg(L4_SESSION_OPEN, 1, L4_SESSION_DISK, 0, 0);
    fake_give(devmgr.offer, L4_TYPE_ENDPOINT, L4_RIGHT_SEND | L4_RIGHT_INFO);
    msg.tag = l4_tag(L4_SESSION_OPEN, 0, 1);
    session_open(A, &msg);
    assert_int_equal(msg.w[0], (uint32_t)L4_ERR_TRANSFER);
    assert_false(has(CLIENT));
    assert_false(devmgr.disks.disk[0].open);
}

/* --- Guest RAM ----------------------------------------------------------------------------------
 */

static void test_ram(void **state)
{
    (void)state;
    const uint32_t before = fake_count();
    assert_int_equal(give_ram(A, L4_RIGHT_DMA | L4_RIGHT_INFO), L4_OK);
    assert_int_equal(devmgr.disks.disk[0].ram_pa, RAM_PA + (A << 20));
    assert_int_equal(devmgr.disks.disk[2].ram_size, RAM_SIZE);
    assert_int_equal(devmgr.disks.disk[1].ram_size, 0); /* B's */
    assert_int_equal(give_ram(A, L4_RIGHT_DMA | L4_RIGHT_INFO), L4_OK);
    assert_int_equal(fake_count(), before + 1); /* the first was dropped */
    assert_int_equal(give_ram(B, L4_RIGHT_INFO), L4_ERR_TRANSFER);
    assert_int_equal(give_ram(12345, L4_RIGHT_DMA | L4_RIGHT_INFO), L4_ERR_NOT_FOUND);
    assert_int_equal(devmgr.disks.disk[1].ram_size, 0);
    devmgr.disks.disk[2].on_device = 1;
    assert_int_equal(give_ram(A, L4_RIGHT_DMA | L4_RIGHT_INFO), L4_ERR_BUSY);
    assert_int_equal(devmgr.disks.disk[2].ram_size, RAM_SIZE);
    struct l4_msg msg = l4_msg(DEVMGR_CLIENT_RAM, B, 0, 0, 0); /* with no capability */
    fake_give_region(devmgr.offer, RAM_PA, RAM_SIZE, L4_RIGHT_ALL);
    client_ram(&msg);
    assert_int_equal(msg.w[0], (uint32_t)L4_ERR_TRANSFER);
}

/* --- The end ------------------------------------------------------------------------------------
 */

static void begin(void)
{
    struct l4_msg msg;
    assert_int_equal(give_ram(A, L4_RIGHT_DMA | L4_RIGHT_INFO), L4_OK);
    assert_int_equal(give_ram(B, L4_RIGHT_DMA | L4_RIGHT_INFO), L4_OK);
    assert_int_equal(open(A, L4_SESSION_DISK, 0, &msg), L4_OK);
    take(CLIENT, &msg);
    assert_int_equal(open(B, L4_SESSION_DISK, 0, &msg), L4_OK);
    take(CLIENT + 1, &msg);
    assert_int_equal(open(A, L4_SESSION_CONSOLE, 0, &msg), L4_OK);
    take(CLIENT + 2, &msg);
}

static void test_gone(void **state)
{
    (void)state;
    begin();
    assert_int_equal(gone(A), L4_OK);
    assert_false(has(CLIENT) || has(CLIENT + 2));
    assert_true(has(CLIENT + 1));
    assert_int_equal(devmgr.client[0].ram, L4_CAP_NULL);
    assert_int_equal(devmgr.disks.disk[0].ram_size, 0);
    assert_int_equal(devmgr.disks.disk[1].ram_size, RAM_SIZE);
    assert_false(devmgr.disks.disk[0].open);
    assert_true(devmgr.disks.disk[1].open);
    assert_int_equal(forgotten, 0);
    assert_int_equal(gone(A), L4_OK);
    assert_int_equal(gone(12345), L4_ERR_NOT_FOUND);
    takes_back = false;
    assert_int_equal(gone(A), L4_ERR_IO); /* a dedicated device goes on */
}

/* init hears nothing while a device reaches the RAM, and everything when it does not any more. */
static void test_gone_waits(void **state)
{
    (void)state;
    begin();
    devmgr.disks.disk[2].on_device = 1;
    assert_int_equal(gone(A), LATER);
    assert_false(has(CLIENT)); /* its sessions have ended */
    assert_true(has(devmgr.client[0].ram));
    fake_l4.now_ns += 400 * MS;
    assert_true(client_poll());
    assert_int_equal(fake_l4.answers, 0);
    devmgr.disks.disk[2].on_device = 0;
    assert_false(client_poll());
    assert_int_equal(fake_l4.answers, 1);
    assert_int_equal(fake_l4.answer, L4_OK);
    assert_int_equal(devmgr.client[0].ram, L4_CAP_NULL);
    assert_int_equal(forgotten, 0);
}

/* A device that does not end is reset after half a second. */
static void test_gone_resets(void **state)
{
    (void)state;
    begin();
    devmgr.disks.disk[0].on_device = 1;
    assert_int_equal(gone(A), LATER);
    fake_l4.now_ns += 501 * MS;
    assert_false(client_poll());
    assert_int_equal(forgotten, 5); /* A's disks alone */
    assert_int_equal(fake_l4.answer, L4_OK);
    assert_int_equal(devmgr.disks.disk[0].on_device, 0);
}

/* One that cannot be reset: init learns that the memory is not to be used again. */
static void test_gone_fails(void **state)
{
    (void)state;
    begin();
    forgets = false;
    devmgr.disks.disk[0].on_device = 1;
    assert_int_equal(gone(A), LATER);
    const uint32_t before = fake_count();
    assert_int_equal(gone(A), LATER); /* init has given up its first call */
    assert_int_equal(fake_count(), before);
    fake_l4.now_ns += 501 * MS;
    assert_false(client_poll());
    assert_int_equal(fake_l4.answers, 1);
    assert_int_equal(fake_l4.answer, L4_ERR_IO);
    fake_l4.answers = 0;
    devmgr.blk[0].dev.loose =
        true; /* it has failed, and was not stopped: all answered, yet in use */
    assert_int_equal(gone(B), L4_ERR_IO);
    devmgr.disks.disk[1].blk = NULL;
    assert_int_equal(gone(B), L4_OK);
}

/* The last output waits for the serial line, a second and no longer. */
static void test_gone_output(void **state)
{
    (void)state;
    begin();
    struct l4_console_page *const page = (void *)devmgr.session[0].page.va;
    struct l4_ring tx;
    l4_ring_init(&tx, &page->tx, page->tx_data, L4_CONSOLE_TX_SIZE);
    static const uint8_t bytes[L4_CONSOLE_TX_SIZE];
    for (uint32_t i = 0; i < 4; i++) { /* until nothing has room for more */
        (void)l4_ring_put(&tx, bytes, sizeof bytes);
        (void)mux_pump(&devmgr.mux, true);
    }
    assert_int_equal(gone(A), LATER);
    assert_true(has(CLIENT + 2));
    fake_l4.now_ns += 999 * MS;
    assert_true(client_poll());
    fake_l4.now_ns += 1 * MS;
    assert_false(client_poll());
    assert_false(has(CLIENT + 2));
    assert_int_equal(fake_l4.answer, L4_OK);
    assert_int_equal(forgotten, 0);
}

/* No slot for the reply: init hears at once, and asks again. */
static void test_gone_full(void **state)
{
    (void)state;
    begin();
    devmgr.disks.disk[0].on_device = 1;
    l4_cap_t slot = 0;
    while (l4_slots_take(&devmgr.slots, &slot) == L4_OK) {
        fake_give(slot, L4_TYPE_SYSTEM, 0);
    }
    assert_int_equal(gone(A), LATER); /* the doorbells have made room */
    devmgr_drop(&devmgr.client[0].gone_reply);
    while (l4_slots_take(&devmgr.slots, &slot) == L4_OK) {
        fake_give(slot, L4_TYPE_SYSTEM, 0);
    }
    assert_int_equal(gone(A), L4_ERR_NO_MEMORY);
    assert_true(has(devmgr.client[0].ram));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_memory, set_up),
        cmocka_unit_test_setup(test_open, set_up),
        cmocka_unit_test_setup(test_not_configured, set_up),
        cmocka_unit_test_setup(test_reopen, set_up),
        cmocka_unit_test_setup(test_ram, set_up),
        cmocka_unit_test_setup(test_gone, set_up),
        cmocka_unit_test_setup(test_gone_waits, set_up),
        cmocka_unit_test_setup(test_gone_resets, set_up),
        cmocka_unit_test_setup(test_gone_fails, set_up),
        cmocka_unit_test_setup(test_gone_output, set_up),
        cmocka_unit_test_setup(test_gone_full, set_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
