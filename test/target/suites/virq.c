/*
 * Virtual interrupts and guest timers.
 */
#include <l4/cap.h>
#include <l4/ipc.h>
#include <l4/memory.h>
#include <l4/system.h>
#include <l4/thread.h>
#include <l4/vcpu.h>

#include "guest.h"
#include "memory.h"
#include "test.h"
#include "worker.h"

GUEST_BLOB(wfi);
GUEST_BLOB(spin);
GUEST_BLOB(masked);
GUEST_BLOB(timer);

#define READY 0x100u
#define PRIORITY 0xa0u
#define VIRTUAL_PPI 27u
#define PHYSICAL_PPI 30u

static struct guest guest;

static uint32_t virq(uint32_t number)
{
    return l4_virq(number, PRIORITY, 0);
}

/* The guest has reported that it is ready, and goes on. */
static bool ready(struct guest *g)
{
    return guest_start(g) && guest_expect(g, L4_EXIT_HVC) && CHECK_EQ(g->exit.w[0], READY) &&
           guest_resume(g);
}

static void expect_interrupt(uint32_t number, uint32_t count)
{
    REQUIRE(guest_expect(&guest, L4_EXIT_HVC));
    CHECK_EQ(guest.exit.w[0], number);
    CHECK_EQ(guest.exit.w[1], count);
    REQUIRE(guest_resume(&guest));
}

static void wakes_from_wfi(void)
{
    REQUIRE(GUEST_CREATE(&guest, wfi) && ready(&guest));
    for (uint32_t i = 1; i <= 20; i++) {
        REQUIRE(guest_wait_state(&guest, L4_STATE_WFI, 1000));
        CHECK_OK(l4_vcpu_inject(guest.vcpu, virq(40 + i)));
        expect_interrupt(40 + i, i);
    }
    REQUIRE(guest_wait_state(&guest, L4_STATE_WFI, 1000));
    CHECK_EQ(guest_wait(&guest, 1000), L4_ERR_TIMEOUT);
}

static void interrupts_a_running_guest(void)
{
    REQUIRE(GUEST_CREATE(&guest, spin) && ready(&guest));
    for (uint32_t i = 1; i <= 20; i++) {
        test_sleep(50);
        CHECK_EQ(guest_state(&guest), L4_STATE_RUNNABLE);
        CHECK_OK(l4_vcpu_inject(guest.vcpu, virq(32 + i)));
        expect_interrupt(32 + i, i);
    }
}

static void injected_with_the_answer(void)
{
    REQUIRE(GUEST_CREATE(&guest, wfi) && ready(&guest));
    CHECK_OK(l4_vcpu_inject(guest.vcpu, virq(50)));
    REQUIRE(guest_expect(&guest, L4_EXIT_HVC));
    REQUIRE(guest_answer(&guest, L4_RESUME_INJECT, 0, 0, virq(51), 0));
    expect_interrupt(51, 2);
}

static void pending_ends_wfi_even_if_masked(void)
{
    REQUIRE(GUEST_CREATE(&guest, masked) && ready(&guest));
    REQUIRE(guest_wait_state(&guest, L4_STATE_WFI, 1000));
    CHECK_OK(l4_vcpu_inject(guest.vcpu, virq(60)));
    REQUIRE(guest_expect(&guest, L4_EXIT_HVC));
    CHECK_EQ(guest.exit.w[0], 0x200);
    REQUIRE(guest_resume(&guest));
    expect_interrupt(60, 1);
}

static void words_in_flight(void)
{
    struct l4_vcpu_virqs v;
    uint32_t word = 0;

    REQUIRE(GUEST_CREATE(&guest, masked) && guest_start(&guest));
    REQUIRE(guest_expect(&guest, L4_EXIT_HVC));
    CHECK_EQ(l4_vcpu_retract(guest.vcpu, 61, &word), L4_ERR_NOT_FOUND);
    CHECK_OK(l4_vcpu_inject(guest.vcpu, virq(61)));
    CHECK_OK(l4_vcpu_virqs(guest.vcpu, &v));
    uint32_t found = 0;

    for (uint32_t i = 0; i < 4; i++) {
        found += v.word[i] == virq(61);
    }
    CHECK_EQ(found, 1);
    CHECK_RANGE(v.slots, 2, 4);
    CHECK_OK(l4_vcpu_retract(guest.vcpu, 61, &word));
    CHECK_EQ(word, virq(61));
    CHECK_EQ(l4_vcpu_retract(guest.vcpu, 61, &word), L4_ERR_NOT_FOUND);
}

static void hostile_words(void)
{
    REQUIRE(GUEST_CREATE(&guest, masked) && guest_start(&guest));
    REQUIRE(guest_expect(&guest, L4_EXIT_HVC));
    for (uint32_t number = 1020; number < 1024; number++) {
        CHECK_EQ(l4_vcpu_inject(guest.vcpu, virq(number)), L4_ERR_INVALID);
    }
    CHECK_EQ(l4_vcpu_inject(guest.vcpu, 40), L4_ERR_INVALID); /* neither pending nor active */
    /* The hardware bit is not for the VMM: physical interrupt 27 would be ended. */
    CHECK_OK(l4_vcpu_inject(guest.vcpu, virq(41) | 0x80000000u | (27u << 10)));
    struct l4_vcpu_virqs v;

    CHECK_OK(l4_vcpu_virqs(guest.vcpu, &v));
    for (uint32_t i = 0; i < 4; i++) {
        CHECK((v.word[i] & 0x80000000u) == 0);
    }
    CHECK_EQ(l4_vcpu_timer(guest.vcpu, L4_TIMER_COUNT, virq(27)), L4_ERR_INVALID);
    CHECK_EQ(l4_sys_vcpu_in(guest.vcpu, L4_VCPU_TIMER, 0xffffffffu, virq(27)), L4_ERR_INVALID);
    CHECK_EQ(l4_vcpu_timer(guest.vcpu, L4_TIMER_VIRTUAL, virq(40)), L4_ERR_INVALID);
}

static void more_than_there_are_slots(void)
{
    uint32_t sent = 0;
    uint32_t seen = 0;
    bool told = false;

    REQUIRE(GUEST_CREATE(&guest, masked) && ready(&guest));
    REQUIRE(guest_wait_state(&guest, L4_STATE_WFI, 1000));
    while (sent < 10 && l4_vcpu_inject(guest.vcpu, virq(70 + sent)) == L4_OK) {
        sent++;
    }
    CHECK_RANGE(sent, 2, 4);
    CHECK_EQ(l4_vcpu_inject(guest.vcpu, virq(90)), L4_ERR_BUSY);
    for (uint32_t i = 0; i < 12 && seen <= sent && (seen < sent || !told); i++) {
        if (!CHECK_OK(guest_wait(&guest, 10000))) {
            return;
        }
        if (l4_tag_label(guest.exit.tag) == L4_EXIT_VIRQ) {
            CHECK(guest.exit.w[0] > 0);
            told = true;
        } else {
            CHECK_EQ(l4_tag_label(guest.exit.tag), L4_EXIT_HVC);
            seen += guest.exit.w[0] != 0x200;
        }
        REQUIRE(guest_resume(&guest));
    }
    CHECK(told);
    CHECK_EQ(seen, sent);
}

/* An answer's interrupt that finds no slot comes back by its word, at once; one that finds a slot
 * does not. */
static void refused_with_the_answer(void)
{
    uint32_t sent = 0;
    struct l4_vcpu_virqs v;

    REQUIRE(GUEST_CREATE(&guest, masked) && guest_start(&guest));
    REQUIRE(guest_expect(&guest, L4_EXIT_HVC));
    while (sent < 10 && l4_vcpu_inject(guest.vcpu, virq(70 + sent)) == L4_OK) {
        sent++;
    }
    CHECK_RANGE(sent, 2, 4);
    REQUIRE(guest_answer(&guest, L4_RESUME_INJECT, 0, 0, virq(91), 0));
    REQUIRE(guest_expect(&guest, L4_EXIT_VIRQ));
    CHECK_EQ(guest.exit.w[3], virq(91));
    CHECK_EQ(guest.exit.w[0], 0);
    CHECK_EQ(guest.exit.w[1] & 0xffffu, L4_VIRQ_NONE);
    CHECK_OK(l4_vcpu_virqs(guest.vcpu, &v));
    for (uint32_t i = 0; i < L4_VCPU_VIRQ_WORDS; i++) {
        CHECK(L4_VIRQ_ID(v.word[i]) != 91);
    }
    uint32_t word;

    CHECK_OK(l4_vcpu_retract(guest.vcpu, 70, &word));
    REQUIRE(guest_answer(&guest, L4_RESUME_INJECT, 0, 0, virq(91), 0));
    for (uint32_t i = 0, seen = 0; i < 12 && seen < sent; i++) {
        REQUIRE_OK(guest_wait(&guest, 10000));
        if (l4_tag_label(guest.exit.tag) == L4_EXIT_VIRQ) {
            CHECK_EQ(guest.exit.w[3], 0);
        } else {
            seen += guest.exit.w[0] != 0x200;
        }
        REQUIRE(guest_resume(&guest));
    }
}

static void end_is_told(void)
{
    REQUIRE(GUEST_CREATE(&guest, wfi) && ready(&guest));
    CHECK_OK(l4_vcpu_inject(guest.vcpu, l4_virq(80, PRIORITY, L4_VIRQ_NOTIFY)));
    uint32_t told = 0;
    uint32_t seen = 0;

    for (uint32_t i = 0; i < 2; i++) {
        REQUIRE_OK(guest_wait(&guest, 10000));
        if (l4_tag_label(guest.exit.tag) == L4_EXIT_VIRQ) {
            told += (guest.exit.w[1] & 0xffffu) == 80;
            CHECK_EQ(guest.exit.w[1] >> 16, L4_VIRQ_NONE);
        } else {
            seen += guest.exit.w[0] == 80;
        }
        REQUIRE(guest_resume(&guest));
    }
    CHECK_EQ(told, 1);
    CHECK_EQ(seen, 1);
}

static void higher_priority_first(void)
{
    REQUIRE(GUEST_CREATE(&guest, masked) && ready(&guest));
    REQUIRE(guest_wait_state(&guest, L4_STATE_WFI, 1000));
    REQUIRE_OK(l4_thread_stop(guest.vcpu));
    CHECK_OK(l4_vcpu_inject(guest.vcpu, l4_virq(33, 0xb0, 0)));
    CHECK_OK(l4_vcpu_inject(guest.vcpu, l4_virq(34, 0x20, 0)));
    REQUIRE_OK(l4_thread_resume(guest.vcpu));
    REQUIRE(guest_expect(&guest, L4_EXIT_HVC));
    CHECK_EQ(guest.exit.w[0], 0x200);
    REQUIRE(guest_resume(&guest));
    expect_interrupt(34, 1);
    expect_interrupt(33, 2);
}

static void run_timer(uint32_t which, uint32_t ppi, bool with_other)
{
    static struct guest other;
    const uint32_t ticks = 5000;
    const uint32_t us = (uint32_t)((uint64_t)ticks * 1000000u / test_root->timer_hz);

    REQUIRE(GUEST_CREATE(&guest, timer));
    guest.parameter[0] = which;
    guest.parameter[1] = ticks;
    CHECK_OK(l4_vcpu_timer(guest.vcpu, which, virq(ppi)));
    REQUIRE(guest_start(&guest) && guest_expect(&guest, L4_EXIT_HVC));
    const uint32_t start = test_us();

    REQUIRE(guest_resume(&guest));
    if (with_other) {
        /* Another guest has the processor meanwhile. */
        REQUIRE(guest_wait_state(&guest, L4_STATE_WFI, 50));
        REQUIRE(GUEST_CREATE(&other, spin));
        REQUIRE_OK(l4_thread_set_sched(other.vcpu, 10, 10, 0, 0));
        REQUIRE(ready(&other));
    }
    REQUIRE(guest_expect(&guest, L4_EXIT_HVC));
    CHECK_EQ(guest.exit.w[0], ppi);
    CHECK_RANGE(test_us() - start, us, us + (with_other ? 400 : 50));
    CHECK_RANGE(guest.exit.w[1] - guest.exit.w[2], ticks, ticks + (with_other ? 25000 : 400));
}

static void virtual_timer(void)
{
    run_timer(L4_TIMER_VIRTUAL, VIRTUAL_PPI, false);
}

static void physical_timer(void)
{
    run_timer(L4_TIMER_PHYSICAL, PHYSICAL_PPI, false);
}

static void virtual_timer_while_another_runs(void)
{
    run_timer(L4_TIMER_VIRTUAL, VIRTUAL_PPI, true);
}

static void physical_timer_while_another_runs(void)
{
    run_timer(L4_TIMER_PHYSICAL, PHYSICAL_PPI, true);
}

static void timer_without_interrupt(void)
{
    REQUIRE(GUEST_CREATE(&guest, timer));
    guest.parameter[1] = 1000;
    REQUIRE(ready(&guest));
    CHECK_EQ(guest_wait(&guest, 10000), L4_ERR_TIMEOUT);
    CHECK_EQ(guest_state(&guest), L4_STATE_WFI);
    struct l4_vcpu_virqs v;

    CHECK_OK(l4_vcpu_virqs(guest.vcpu, &v));
    CHECK_EQ(v.timer_lines & L4_TIMER_LINE_VIRTUAL, L4_TIMER_LINE_VIRTUAL);
    /* Configured now, its line is high: it interrupts. */
    CHECK_OK(l4_vcpu_timer(guest.vcpu, L4_TIMER_VIRTUAL, virq(VIRTUAL_PPI)));
    REQUIRE(guest_expect(&guest, L4_EXIT_HVC));
    CHECK_EQ(guest.exit.w[0], VIRTUAL_PPI);
}

static void counter_offset(void)
{
    REQUIRE(GUEST_CREATE(&guest, timer));
    guest.parameter[1] = 1000;
    CHECK_OK(l4_vcpu_timer(guest.vcpu, L4_TIMER_VIRTUAL, virq(VIRTUAL_PPI)));
    const uint64_t now = l4_system_clock().ticks;

    CHECK_OK(l4_vcpu_time_offset(guest.vcpu, now - 50000));
    REQUIRE(ready(&guest));
    REQUIRE(guest_expect(&guest, L4_EXIT_HVC));
    /* Both counters, the emulated one too. */
    CHECK_RANGE(guest.exit.w[2], 50000, 80000);
    CHECK_RANGE(guest.exit.w[3], 50000, 80000);
}

static const struct test_case cases[] = {
    {"an injected interrupt ends WFI", wakes_from_wfi},
    {"an injected interrupt reaches a running guest", interrupts_a_running_guest},
    {"an interrupt comes with the answer to an exit", injected_with_the_answer},
    {"a pending interrupt ends WFI, masked or not", pending_ends_wfi_even_if_masked},
    {"words in flight are seen and retracted", words_in_flight},
    {"hostile words are refused or made safe", hostile_words},
    {"more interrupts than slots: told when there is room", more_than_there_are_slots},
    {"refused with the answer: told by its word", refused_with_the_answer},
    {"the end of an interrupt is told if asked for", end_is_told},
    {"the most urgent comes first", higher_priority_first},
    {"the virtual timer", virtual_timer},
    {"the physical timer", physical_timer},
    {"the virtual timer of a guest that is not loaded", virtual_timer_while_another_runs},
    {"the physical timer of a guest that is not loaded", physical_timer_while_another_runs},
    {"a timer whose interrupt is not wanted yet", timer_without_interrupt},
    {"both counters start where the VMM says", counter_offset},
};

TEST_SUITE("virq", cases);
