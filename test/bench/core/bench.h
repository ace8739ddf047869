/*
 * The metrics: each case measures and prints one or more.
 */
#ifndef BENCH_H
#define BENCH_H

#define ENDPOINT_SLOT 2u /* in every bench space: the endpoint under test */

void bench_null(void);
void bench_rpc(void);
void bench_rpc_4w(void);
void bench_rpc_64w(void);
void bench_map4k(void);
void bench_fault(void);
void bench_irq(void);
void bench_switch(void);

#endif
