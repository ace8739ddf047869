/*
 * Channels between an end of the VMM's and one of our guests' library: streams, wake-ups, and ends
 * that open and close in any order.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <vmm/channel.h>

#include "guest_end.h"

#define RING 4096u

uint32_t end_bells[2];
static struct l4_channel_page *page;
static struct channel_end vmm;

/* --- The VMM's end ------------------------------------------------------------------------- */

static void bell(void *context)
{
    const struct channel_end *c = context;
    end_bells[c->end]++;
}

static void vmm_init(struct l4_channel_page *memory, uint32_t end)
{
    const struct doorbell doorbell = {bell, &vmm};
    assert_int_equal(channel_attach(&vmm, memory, L4_CHANNEL_BYTES(RING), end, &doorbell), L4_OK);
}

static void vmm_open(void)
{
    channel_open(&vmm);
}

static void vmm_close(void)
{
    channel_close(&vmm);
}

static enum end_event vmm_poll(void)
{
    return (enum end_event)channel_poll(&vmm);
}

static uint32_t vmm_write(const void *bytes, uint32_t count)
{
    uint32_t room = channel_space(&vmm);
    uint32_t done = l4_ring_put(&vmm.tx, bytes, count < room ? count : room);
    if (vmm.connected && done < count) {
        (void)l4_ring_wait_space(&vmm.tx);
    }
    if (done != 0 && l4_ring_must_wake_consumer(&vmm.tx)) {
        bell(&vmm);
    }
    return done;
}

static uint32_t vmm_read(void *bytes, uint32_t count)
{
    uint32_t used = channel_used(&vmm);
    uint32_t done = l4_ring_take(&vmm.rx, bytes, count < used ? count : used);
    if (vmm.connected && done < count) {
        (void)l4_ring_wait_data(&vmm.rx);
    }
    if (done != 0 && l4_ring_must_wake_producer(&vmm.rx)) {
        bell(&vmm);
    }
    return done;
}

static const struct end_ops end_of_vmm = {vmm_init, vmm_open,  vmm_close,
                                          vmm_poll, vmm_write, vmm_read};

/* --- Both ---------------------------------------------------------------------------------- */

static const struct end_ops *end[2];

static void begin(const struct end_ops *first, const struct end_ops *second)
{
    end[0] = first;
    end[1] = second;
    memset(page, 0, L4_CHANNEL_BYTES(RING));
    page->magic = L4_CHANNEL_MAGIC;
    page->size = RING;
    page->ring[0].head = page->ring[0].tail = 0xfffffa00u;
    end_bells[0] = end_bells[1] = 0;
    first->init(page, 0);
    second->init(page, 1);
}

static int setup(void **state)
{
    (void)state;
    page = malloc(L4_CHANNEL_BYTES(RING));
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    free(page);
    return 0;
}

/* Each end looks when it is rung, and only then. */
static void settle(enum end_event last[2])
{
    for (uint32_t turn = 0; end_bells[0] + end_bells[1] != 0; turn++) {
        assert_true(turn < 50);
        uint32_t who = end_bells[0] != 0 ? 1 : 0;
        end_bells[1u - who] = 0;
        for (enum end_event event; (event = end[who]->poll()) != END_SAME;) {
            last[who] = event;
        }
    }
}

static uint8_t byte_at(uint32_t n)
{
    return (uint8_t)(n * 3u + (n >> 8));
}

/* A stream in odd bites through end `from`; the ends sleep until they are rung. */
static void stream(uint32_t from)
{
    enum end_event last[2] = {END_SAME, END_SAME};
    uint32_t sent = 0;
    uint32_t seen = 0;
    bool awake[2] = {true, true};
    uint8_t bytes[6000];
    end[0]->open();
    end[1]->open();
    settle(last);
    assert_int_equal(last[0], END_CONNECTED);
    assert_int_equal(last[1], END_CONNECTED);
    while (seen < 300000) {
        assert_true(awake[0] || awake[1]); /* else a wake-up was lost */
        if (awake[from]) {
            uint32_t count = 1u + (uint32_t)rand() % sizeof(bytes);
            for (uint32_t i = 0; i < count; i++) {
                bytes[i] = byte_at(sent + i);
            }
            uint32_t done = end[from]->write(bytes, count);
            sent += done;
            awake[from] = done == count && rand() % 2 != 0;
            awake[1u - from] = awake[1u - from] || end_bells[from] != 0;
            end_bells[from] = 0;
            awake[from] = awake[from] || (done == count && !awake[1u - from]);
        }
        if (awake[1u - from]) {
            uint32_t count = 1u + (uint32_t)rand() % sizeof(bytes);
            uint32_t done = end[1u - from]->read(bytes, count);
            for (uint32_t i = 0; i < done; i++) {
                assert_int_equal(bytes[i], byte_at(seen + i));
            }
            seen += done;
            awake[1u - from] = done == count;
            awake[from] = awake[from] || end_bells[1u - from] != 0 || sent == seen;
            end_bells[1u - from] = 0;
        }
    }
}

static void streams(void **state)
{
    (void)state;
    srand(1);
    begin(&end_of_vmm, &end_of_guest);
    stream(0);
    begin(&end_of_vmm, &end_of_guest);
    stream(1);
}

/*
 * Ends that open, close, look, write and read in any order. Each writer stamps its bytes with the
 * number of its connection: a reader never sees two stamps in one connection, nor one that it has
 * seen in an earlier one.
 */
static void any_order(uint32_t steps)
{
    uint32_t stamp[2] = {0, 0}; /* of the connection that this end writes in */
    int32_t seen[2] = {-1, -1}; /* stamp read in the present connection; -1: none yet */
    uint32_t newest[2] = {0, 0};
    uint32_t bytes_seen = 0;
    for (uint32_t i = 0; i < steps; i++) {
        uint32_t n = (uint32_t)rand() % 2u;
        uint32_t words[64];
        uint32_t count;
        switch (rand() % 16) {
        case 0:
            end[n]->open();
            stamp[n]++;
            seen[n] = -1;
            break;
        case 1:
            if (rand() % 4 == 0) {
                end[n]->close();
                seen[n] = -1;
            }
            break;
        case 2:
        case 3:
        case 4:
        case 5:
            if (end[n]->poll() != END_SAME) {
                stamp[n]++;
                seen[n] = -1;
            }
            break;
        case 6:
        case 7:
        case 8:
        case 9:
            count = 1u + (uint32_t)rand() % 64u;
            for (uint32_t w = 0; w < count; w++) {
                words[w] = stamp[n];
            }
            (void)end[n]->write(words, 4u * count);
            break;
        default:
            count = end[n]->read(words, sizeof(words)) / 4u;
            for (uint32_t w = 0; w < count; w++) {
                bytes_seen += 4u;
                assert_true(seen[n] == -1 ? words[w] > newest[n] : words[w] == (uint32_t)seen[n]);
                newest[n] = words[w];
                seen[n] = (int32_t)words[w];
            }
            break;
        }
    }
    assert_true(bytes_seen > steps / 4u); /* they did talk */
}

static void open_and_close_in_any_order(void **state)
{
    (void)state;
    srand(2);
    begin(&end_of_vmm, &end_of_guest);
    any_order(300000);
    begin(&end_of_guest, &end_of_vmm);
    any_order(300000);
}

static void numbers_differ(void **state)
{
    (void)state;
    uint32_t number;
    begin(&end_of_vmm, &end_of_guest);
    page->last[0] = page->last[1] = 0xffff; /* the next number is 1, not 0 */
    for (uint32_t n = 0; n < 2; n++) {
        end[n]->open();
        number = L4_CHANNEL_NUMBER(page->open[n]);
        assert_int_equal(number, 1);
        end[n]->open();
        assert_int_not_equal(L4_CHANNEL_NUMBER(page->open[n]), number);
        number = L4_CHANNEL_NUMBER(page->open[n]);
        channel_clear(page, n); /* as after a guest's reset */
        end[n]->init(page, n);
        end[n]->open();
        assert_int_not_equal(L4_CHANNEL_NUMBER(page->open[n]), number);
        end[n]->close();
        end[n]->close();
        assert_int_equal(page->open[n], 0);
    }
}

/* Whatever stands in the page, both ends stay within their memory (the sanitizer watches). */
static void hostile_page(void **state)
{
    (void)state;
    srand(3);
    begin(&end_of_vmm, &end_of_guest);
    for (uint32_t i = 0; i < 400000; i++) {
        uint32_t n = (uint32_t)rand() % 2u;
        uint8_t bytes[5000];
        uint32_t *words = (uint32_t *)(void *)page;
        switch (rand() % 8) {
        case 0:
            end[n]->open();
            break;
        case 1:
        case 2:
            (void)end[n]->poll();
            break;
        case 3:
            assert_true(end[n]->write(bytes, (uint32_t)rand() % 5000u) <= RING);
            break;
        case 4:
            assert_true(end[n]->read(bytes, sizeof(bytes)) <= sizeof(bytes));
            break;
        case 5:
            words[(uint32_t)rand() % 16u] = (uint32_t)rand() * 2u + (uint32_t)rand() % 2u;
            break;
        default:
            words[(uint32_t)rand() % 16u] += (uint32_t)rand() % 100u;
            break;
        }
    }
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(streams),
        T(open_and_close_in_any_order),
        T(numbers_differ),
        T(hostile_page),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
