/*
 * Counters and timer registers (ARM DDI 0406C, B8.1 and B8.2): read-back, the two
 * views of a deadline, status bits, and access from PL0 under CNTKCTL. No
 * interrupt is taken here.
 */
#include "guest/cpu.h"
#include "guest/gic.h"
#include "guest/trap.h"
#include "suites.h"
#include "timers.h"

static uint64_t cntv_cval(void)
{
    return CP_READ64(p15, 3, c14);
}

static void set_cntv_cval(uint64_t value)
{
    CP_WRITE64(p15, 3, c14, value);
    isb();
}

static uint32_t cntv_tval(void)
{
    isb();
    return CP_READ(p15, 0, c14, c3, 0);
}

static void set_cntv_tval(uint32_t value)
{
    CP_WRITE(p15, 0, c14, c3, 0, value);
    isb();
}

static uint32_t cntv_ctl(void)
{
    isb();
    return CP_READ(p15, 0, c14, c3, 1);
}

static void set_cntv_ctl(uint32_t value)
{
    CP_WRITE(p15, 0, c14, c3, 1, value);
    isb();
}

static uint64_t cntp_cval(void)
{
    return CP_READ64(p15, 2, c14);
}

static void set_cntp_cval(uint64_t value)
{
    CP_WRITE64(p15, 2, c14, value);
    isb();
}

static uint32_t cntp_tval(void)
{
    isb();
    return CP_READ(p15, 0, c14, c2, 0);
}

static void set_cntp_tval(uint32_t value)
{
    CP_WRITE(p15, 0, c14, c2, 0, value);
    isb();
}

static uint32_t cntp_ctl(void)
{
    isb();
    return CP_READ(p15, 0, c14, c2, 1);
}

static void set_cntp_ctl(uint32_t value)
{
    CP_WRITE(p15, 0, c14, c2, 1, value);
    isb();
}

const struct timer_ops virtual_timer = {
    INTID_VTIMER, cntvct,        cntv_cval, set_cntv_cval,
    cntv_tval,    set_cntv_tval, cntv_ctl,  set_cntv_ctl,
};
const struct timer_ops physical_timer = {
    INTID_PTIMER, cntpct,        cntp_cval, set_cntp_cval,
    cntp_tval,    set_cntp_tval, cntp_ctl,  set_cntp_ctl,
};

static void frequency(void)
{
    CHECK(cntfrq() >= 1000000); /* B8.1.1: 1 to 50 MHz is typical, QEMU has 62.5 */
    CHECK(cntfrq() <= 1000000000);
    CHECK_EQ(cntfrq(), cntfrq());
}

static void monotonic(void)
{
    uint64_t v = cntvct();
    uint64_t p = cntpct();

    for (unsigned int i = 0; i < 1000; i++) {
        uint64_t v2 = cntvct();
        uint64_t p2 = cntpct();

        CHECK(v2 >= v);
        CHECK(p2 >= p);
        v = v2;
        p = p2;
    }
    delay_us(10);
    CHECK(cntvct() > v);
    CHECK(cntpct() > p);
}

/* CNTPCT lies between two reads of CNTVCT, so each round bounds their difference;
 * it is one constant, CNTVOFF, when all the bounds agree (B8.1.2). */
static void constant_offset(void)
{
    int64_t low = INT64_MIN;
    int64_t high = INT64_MAX;

    for (unsigned int i = 0; i < 1000; i++) {
        uint64_t before = cntvct();
        uint64_t p = cntpct();
        uint64_t after = cntvct();

        if ((int64_t)(p - after) > low) {
            low = (int64_t)(p - after);
        }
        if ((int64_t)(p - before) < high) {
            high = (int64_t)(p - before);
        }
        if (i % 100 == 99) {
            delay_us(500);
        }
    }
    CHECK(low <= high);
}

static void cval(const struct timer_ops *t)
{
    static const uint64_t values[] = {0, ~0ull, 0x123456789abcdef0ull, 0x00000000ffffffffull};

    for (unsigned int i = 0; i < 4; i++) {
        t->set_cval(values[i]);
        CHECK_EQ(t->cval() >> 32, values[i] >> 32);
        CHECK_EQ(t->cval(), values[i]);
    }
}
ON_BOTH_TIMERS(cval)

static void tval(const struct timer_ops *t)
{
    static const int32_t values[] = {0, 1000, -1000, INT32_MAX, INT32_MIN, -1};

    for (unsigned int i = 0; i < 6; i++) {
        uint64_t before = t->count();
        uint64_t after;
        uint64_t got;
        uint32_t left;

        t->set_tval((uint32_t)values[i]);
        after = t->count();
        got = t->cval();
        /* CompareValue = Counter + SignExtend(TimerValue), B8.1.5. */
        CHECK((int64_t)(got - (before + (uint64_t)(int64_t)values[i])) >= 0);
        CHECK((int64_t)((after + (uint64_t)(int64_t)values[i]) - got) >= 0);

        before = t->count();
        left = t->tval();
        after = t->count();
        CHECK((int32_t)((uint32_t)(got - before) - left) >= 0);
        CHECK((int32_t)(left - (uint32_t)(got - after)) >= 0);
    }
    /* A read gives the low word of the difference, however far the deadline. */
    t->set_cval(t->count() + 0x500000000ull + 1000000000);
    CHECK(t->tval() <= 1000000000);
    CHECK(t->tval() > 500000000);
}
ON_BOTH_TIMERS(tval)

static void ctl(const struct timer_ops *t)
{
    t->set_cval(t->count() + ticks_us(3600000000u));
    for (uint32_t v = 0; v < 4; v++) {
        t->set_ctl(v);
        CHECK_EQ(t->ctl() & 3, v);
        CHECK_EQ(t->ctl() & ~7u, 0);
    }
    t->set_ctl(~0u);
    CHECK_EQ(t->ctl(), 3); /* ISTATUS is read-only and not met */
    t->set_ctl(CNT_CTL_ENABLE);
    CHECK_EQ(t->ctl(), CNT_CTL_ENABLE);
}
ON_BOTH_TIMERS(ctl)

static void istatus(const struct timer_ops *t)
{
    t->set_cval(t->count() - 1);
    t->set_ctl(CNT_CTL_ENABLE | CNT_CTL_IMASK);
    CHECK_EQ(t->ctl(), CNT_CTL_ENABLE | CNT_CTL_IMASK | CNT_CTL_ISTATUS);
    t->set_ctl(CNT_CTL_ENABLE);
    CHECK_EQ(t->ctl(), CNT_CTL_ENABLE | CNT_CTL_ISTATUS);
    t->set_cval(t->count() + ticks_us(1000000));
    CHECK_EQ(t->ctl(), CNT_CTL_ENABLE);
    t->set_cval(t->count() + ticks_us(100));
    for (uint32_t i = 0; i < 10000 && (t->ctl() & CNT_CTL_ISTATUS) == 0; i++) {
        delay_us(100); /* emulators take their time */
    }
    CHECK(t->count() >= t->cval());
    CHECK_EQ(t->ctl(), CNT_CTL_ENABLE | CNT_CTL_ISTATUS);
    t->set_cval(~0ull);
    CHECK_EQ(t->ctl(), CNT_CTL_ENABLE);
    t->set_cval(0);
    CHECK_EQ(t->ctl(), CNT_CTL_ENABLE | CNT_CTL_ISTATUS);
}
ON_BOTH_TIMERS(istatus)

#define KCTL_PL0PCTEN (1u << 0)
#define KCTL_PL0VCTEN (1u << 1)
#define KCTL_PL0VTEN (1u << 8)
#define KCTL_PL0PTEN (1u << 9)

static uint32_t usr_cntpct(uint32_t arg)
{
    (void)arg;
    return (uint32_t)CP_READ64(p15, 0, c14);
}

static uint32_t usr_cntvct(uint32_t arg)
{
    (void)arg;
    return (uint32_t)CP_READ64(p15, 1, c14);
}

static uint32_t usr_cntfrq(uint32_t arg)
{
    (void)arg;
    return CP_READ(p15, 0, c14, c0, 0);
}

static uint32_t usr_cntv(uint32_t arg)
{
    CP_WRITE(p15, 0, c14, c3, 1, arg);
    CP_WRITE64(p15, 3, c14, 0x1122334455667788ull);
    return CP_READ(p15, 0, c14, c3, 1);
}

static uint32_t usr_cntp(uint32_t arg)
{
    CP_WRITE(p15, 0, c14, c2, 1, arg);
    CP_WRITE64(p15, 2, c14, 0x1122334455667788ull);
    return CP_READ(p15, 0, c14, c2, 1);
}

struct usr_access {
    uint32_t (*fn)(uint32_t);
    uint32_t result;
};

static void do_usr(void *arg)
{
    struct usr_access *access = arg;

    access->result = call_in_mode(MODE_USR, access->fn, CNT_CTL_IMASK);
}

/* Runs fn at PL0 under CNTKCTL = kctl: true when it was undefined there. */
static bool usr_undefined(uint32_t kctl, uint32_t (*fn)(uint32_t))
{
    struct usr_access access = {fn, 0};
    bool trapped;

    CP_WRITE(p15, 0, c14, c1, 0, kctl);
    isb();
    trapped = trap_try(do_usr, &access);
    CP_WRITE(p15, 0, c14, c1, 0, 0);
    isb();
    CHECK(!trapped || trap_last.kind == TRAP_UNDEFINED);
    CHECK(!trapped || (trap_last.spsr & MODE_MASK) == MODE_USR);
    return trapped;
}

static void kctl_counters(void)
{
    CHECK_EQ(usr_undefined(0, usr_cntvct), 1);
    CHECK_EQ(usr_undefined(0, usr_cntpct), 1);
    CHECK_EQ(usr_undefined(0, usr_cntfrq), 1);
    CHECK_EQ(usr_undefined(KCTL_PL0VCTEN, usr_cntvct), 0);
    CHECK_EQ(usr_undefined(KCTL_PL0VCTEN, usr_cntpct), 1);
    CHECK_EQ(usr_undefined(KCTL_PL0VCTEN, usr_cntfrq), 0);
    CHECK_EQ(usr_undefined(KCTL_PL0PCTEN, usr_cntvct), 1);
    CHECK_EQ(usr_undefined(KCTL_PL0PCTEN, usr_cntpct), 0);
    CHECK_EQ(usr_undefined(KCTL_PL0PCTEN, usr_cntfrq), 0);
}

static void kctl_timers(void)
{
    CHECK_EQ(usr_undefined(0, usr_cntv), 1);
    CHECK_EQ(usr_undefined(0, usr_cntp), 1);
    CHECK_EQ(usr_undefined(KCTL_PL0VTEN, usr_cntp), 1);
    CHECK_EQ(usr_undefined(KCTL_PL0PTEN, usr_cntv), 1);
    CHECK_EQ(usr_undefined(KCTL_PL0VTEN, usr_cntv), 0);
    CHECK_EQ(virtual_timer.ctl() & 3, CNT_CTL_IMASK);
    CHECK_EQ(virtual_timer.cval(), 0x55667788);
    CHECK_EQ(usr_undefined(KCTL_PL0PTEN, usr_cntp), 0);
    CHECK_EQ(physical_timer.ctl() & 3, CNT_CTL_IMASK);
    CHECK_EQ(physical_timer.cval() >> 32, 0x11223344);
}

static void kctl_readback(void)
{
    CP_WRITE(p15, 0, c14, c1, 0, 0x3ff);
    isb();
    CHECK_EQ(CP_READ(p15, 0, c14, c1, 0), 0x3ff);
    CP_WRITE(p15, 0, c14, c1, 0, 0);
    isb();
    CHECK_EQ(CP_READ(p15, 0, c14, c1, 0), 0);
    __asm__ volatile("sev\n\twfe" : : : "memory");
}

static const struct test_case cases[] = {
    {"timer.frequency", frequency},
    {"timer.monotonic", monotonic},
    {"timer.constant-offset", constant_offset},
    {"timer.cntv.cval", cval_v},
    {"timer.cntp.cval", cval_p},
    {"timer.cntv.tval", tval_v},
    {"timer.cntp.tval", tval_p},
    {"timer.cntv.ctl", ctl_v},
    {"timer.cntp.ctl", ctl_p},
    {"timer.cntv.istatus", istatus_v},
    {"timer.cntp.istatus", istatus_p},
    {"timer.kctl.counters", kctl_counters},
    {"timer.kctl.timers", kctl_timers},
    {"timer.kctl.readback", kctl_readback},
};
SUITE(suite_timer, cases);
