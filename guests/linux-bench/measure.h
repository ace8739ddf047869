/*
 * Samples and their report. Counters are read from PL0 (PMUSERENR.EN, set by wrap.S in front of the
 * zImage): PMCCNTR is virtual time under QEMU's -icount, event counter 0 counts instructions, in
 * HYP too.
 */
#ifndef LINUXBENCH_MEASURE_H
#define LINUXBENCH_MEASURE_H

#include <stdint.h>

#define SAMPLES 256u

extern uint32_t sample[SAMPLES];

static inline uint32_t cycles(void)
{
    uint32_t value;

    __asm__ volatile("mrc p15, 0, %0, c9, c13, 0" : "=r"(value) : : "memory");
    return value;
}

static inline uint32_t instructions(void)
{
    uint32_t value;

    __asm__ volatile("mrc p15, 0, %0, c9, c13, 2" : "=r"(value) : : "memory");
    return value;
}

/* Text and numbers to standard output, waiting until it has left the UART. */
void put(const char *text);
void put_number(uint32_t value);
void put_hex(const uint8_t *bytes, uint32_t count);
void drain(void);

/* `BENCH name min= med= max=` of sample[]. */
void report(const char *name);

/* `BENCH name` of one value. */
void report_one(const char *name, uint32_t value);

/* Ends the program with a message when a system call has failed. */
long check(const char *what, long result);

void bench_processes(void);
void bench_disk(void);
void bench_network(void);

#endif
