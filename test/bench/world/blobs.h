/*
 * What the measuring guests and the program that runs them agree on.
 */
#ifndef BENCH_BLOBS_H
#define BENCH_BLOBS_H

#define BLOB_SAMPLES 520
#define BLOB_PARAMETERS 0x40008000
#define BLOB_RESULTS 0x1000   /* from the parameters on */
#define BLOB_OTHER 0x50000000 /* the parameters of the guest that it is switched from */
#define BLOB_UART 0x09000000
#define BLOB_UARTIMSC 0x09000038
#define BLOB_UART_TX 0x20
#define BLOB_VTIMER 27
#define BLOB_TICKS 3000 /* 48 us */
#define BLOB_TICKS_LONG 0x7fffffff

#endif
