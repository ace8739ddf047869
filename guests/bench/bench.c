/*
 * The guest side of the VM metrics: prints `BENCH <metric> min= med= max=` in
 * cycles of PMCCNTR, which under -icount is instructions and virtual time. Runs in
 * a VM whose configuration gives it the PMU, or natively for comparison.
 */
#include <stddef.h>

#include "guest/cpu.h"
#include "guest/gic.h"
#include "guest/mmu.h"
#include "guest/psci.h"
#include "guest/start.h"
#include "guest/timer.h"
#include "guest/trap.h"
#include "guest/uart.h"

#define WARM_UP 16u
#define SAMPLES 512u
#define TIMER_SAMPLES 4096u
#define OUTPUT_US 50000u

uint32_t measure_nothing(void);
uint32_t measure_load(uint32_t addr);
uint32_t measure_hvc(uint32_t function);
uint32_t measure_sgi(uint32_t sgir, uint32_t value, uint32_t gicc);
uint32_t measure_spin(void);
uint32_t measure_wfi(void);
uint32_t measure_edge(uint32_t *low);
extern const uint32_t bench_vectors[8];

static uint32_t sample[TIMER_SAMPLES];
static uint32_t counter_cost;

/* PMCCNTR = anchor + cycles_per_tick * CNTVCT, modulo 2^32. */
static uint32_t cycles_per_tick;
static uint32_t anchor;

static void sort(uint32_t count)
{
    for (uint32_t gap = count / 2; gap > 0; gap /= 2) {
        for (uint32_t i = gap; i < count; i++) {
            uint32_t value = sample[i];
            uint32_t j = i;

            for (; j >= gap && sample[j - gap] > value; j -= gap) {
                sample[j] = sample[j - gap];
            }
            sample[j] = value;
        }
    }
}

static void report(const char *metric, uint32_t count, uint32_t cost)
{
    sort(count);
    print("BENCH %s min=%u med=%u max=%u\n", metric, sample[0] - cost, sample[count / 2] - cost,
          sample[count - 1] - cost);
    /* The line goes out on the board's console in the background: not during the next samples. */
    delay_us(OUTPUT_US);
}

static void calibrate(void)
{
    uint32_t least = UINT32_MAX;

    for (uint32_t i = 0; i < 64; i++) {
        uint32_t cycles = measure_nothing();

        least = cycles < least ? cycles : least;
    }
    counter_cost = least;
}

/* The counter is read one instruction after CNTVCT, so its excess over the tick's own
 * moment is smallest when a tick has just begun: the least of many readings is that
 * moment. The varying delay walks through every phase of a tick. */
static void calibrate_ticks(void)
{
    uint32_t from;
    uint32_t to;
    uint32_t first = measure_edge(&from);
    uint32_t least = UINT32_MAX;
    uint32_t origin;
    uint32_t cycles;

    delay_us(20000);
    cycles = measure_edge(&to) - first;
    cycles_per_tick = (cycles + (to - from) / 2) / (to - from);
    origin = first - cycles_per_tick * from - 1000;
    for (uint32_t i = 0; i < 2000; i++) {
        uint32_t tick;
        uint32_t now = measure_edge(&tick);
        uint32_t excess = now - cycles_per_tick * tick - origin;

        least = excess < least ? excess : least;
        for (uint32_t wait = i % 64; wait > 0; wait--) {
            __asm__ volatile("nop");
        }
    }
    anchor = origin + least - counter_cost;
}

static void bench_load(const char *metric, uint32_t addr)
{
    for (uint32_t i = 0; i < WARM_UP + SAMPLES; i++) {
        uint32_t cycles = measure_load(addr);

        sample[i < WARM_UP ? 0 : i - WARM_UP] = cycles;
    }
    report(metric, SAMPLES, counter_cost);
}

static void bench_hvc(void)
{
    for (uint32_t i = 0; i < WARM_UP + SAMPLES; i++) {
        uint32_t cycles = measure_hvc(PSCI_VERSION);

        sample[i < WARM_UP ? 0 : i - WARM_UP] = cycles;
    }
    report("vm.hvc", SAMPLES, counter_cost);
}

static void bench_sgi(void)
{
    gicd_hit(GICD_ISENABLER, 5);
    for (uint32_t i = 0; i < WARM_UP + SAMPLES; i++) {
        uint32_t cycles = measure_sgi(GICD_BASE + GICD_SGIR, SGIR_SELF(5), GICC_BASE);

        sample[i < WARM_UP ? 0 : i - WARM_UP] = cycles;
    }
    gicd_hit(GICD_ICENABLER, 5);
    report("vm.sgi", SAMPLES, counter_cost);
}

/* Arms CNTV so many ticks ahead; returns the deadline's low word. */
static uint32_t arm(uint32_t ticks)
{
    uint64_t deadline = cntvct() + ticks;

    CP_WRITE64(p15, 3, c14, deadline);
    CP_WRITE(p15, 0, c14, c3, 1, CNT_CTL_ENABLE);
    isb();
    return (uint32_t)deadline;
}

static void timer_done(void)
{
    uint32_t iar = gicc_read(GICC_IAR);

    CP_WRITE(p15, 0, c14, c3, 1, 0);
    isb();
    gicc_write(GICC_EOIR, iar);
    if (IAR_ID(iar) != INTID_VTIMER) {
        print("Bail out! interrupt %u where the timer was expected\n", IAR_ID(iar));
        system_off();
    }
}

/* A different phase each time; long enough for the loop to be reached. */
static uint32_t phase(uint32_t i)
{
    return 40 + (i * 7) % 61;
}

static void bench_running(void)
{
    for (uint32_t i = 0; i < WARM_UP + TIMER_SAMPLES; i++) {
        uint32_t cycles;

        (void)arm(phase(i));
        cycles = measure_spin();
        timer_done();
        sample[i < WARM_UP ? 0 : i - WARM_UP] = cycles;
    }
    report("vm.vtimer.running", TIMER_SAMPLES, counter_cost);
}

static void bench_wfi(void)
{
    for (uint32_t i = 0; i < WARM_UP + TIMER_SAMPLES; i++) {
        uint32_t deadline = arm(500 + phase(i));
        uint32_t at = measure_wfi();

        timer_done();
        sample[i < WARM_UP ? 0 : i - WARM_UP] = at - (anchor + cycles_per_tick * deadline);
    }
    report("vm.vtimer.wfi", TIMER_SAMPLES, 0);
}

static void gic_on(void)
{
    gicd_write(GICD_CTLR, 1);
    gicd_set_priority(INTID_VTIMER, 0x80);
    gicd_set_priority(5, 0x80);
    gicd_hit(GICD_ISENABLER, INTID_VTIMER);
    gicc_write(GICC_PMR, 0xff);
    gicc_write(GICC_CTLR, GICC_CTLR_GRP0);
}

static void counter_on(void)
{
    CP_WRITE(p15, 0, c9, c12, 0, CP_READ(p15, 0, c9, c12, 0) | 1u); /* PMCR.E */
    CP_WRITE(p15, 0, c9, c12, 1, 1u << 31);                         /* PMCNTENSET.C */
    isb();
}

void guest_main(void)
{
    console_init();
    mmu_on_short();
    CP_WRITE(p15, 0, c12, c0, 0, (uintptr_t)bench_vectors); /* VBAR */
    isb();
    gic_on();
    counter_on();
    if (measure_nothing() == 0) {
        print("Bail out! PMCCNTR does not count: give this VM the PMU\n");
        system_off();
    }
    calibrate();
    calibrate_ticks();
    print("# bench: %u cycles a counter read, %u a tick\n", counter_cost, cycles_per_tick);
    bench_load("vm.mmio", UART_BASE + UARTFR);
    bench_load("vm.mmio.gicd", GICD_BASE + GICD_ISENABLER + 4);
    bench_hvc();
    bench_sgi();
    bench_running();
    bench_wfi();
    print("# bench done\n");
    system_off();
}
