/*
 * The log of register writes and barriers that sources of arch/armv7 make on the host: QEMU carries
 * most of them out without need, so that no test on the board misses one.
 */
#ifndef RECORD_H
#define RECORD_H

#include <stdbool.h>
#include <stdint.h>

#define RECORD_EVENTS 8192u

struct record_event {
    const char *what; /* register or barrier */
    uint64_t value;
    uint64_t seen; /* what record_watch() said at that time */
};

struct record {
    struct record_event event[RECORD_EVENTS];
    uint32_t count;
    uint64_t (*watch)(
        void); /* looked at with each event, for the order of memory writes; or NULL */
};

extern struct record record;

/* Registers zero, log empty, nobody watching. */
void record_reset(void);
/* Empties the log alone. */
void record_clear(void);

uint64_t record_read(const char *name);
void record_write(const char *name, uint64_t value);

/* Index of the first event `what` at or after `from`; record.count when there is none. */
uint32_t record_find(uint32_t from, const char *what);
/* The same for any barrier of at least the inner shareable domain that waits for stores. */
uint32_t record_find_dsb(uint32_t from);

#endif
