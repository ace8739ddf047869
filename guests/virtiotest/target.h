/*
 * The devices under test, and for each one queue on which requests are made and the proof that it
 * works: what the cases that are the same for all devices need.
 */
#ifndef VIRTIOTEST_TARGET_H
#define VIRTIOTEST_TARGET_H

#include "device.h"

struct target {
    const char *name;
    uint32_t id;
    unsigned int n; /* which of its kind */
    unsigned int queues;
    unsigned int queue; /* whose chains are made malformed */
    bool writable;      /* a valid chain there ends with a part that the device writes */
    bool (*works)(struct device *); /* after device_up(): a valid request is answered */
};

#define TARGETS 5u
extern const struct target targets[TARGETS];

/* Memory for requests. */
#define DATA_SIZE 0x80000u
extern uint8_t data[DATA_SIZE];
void fill(volatile uint8_t *bytes, uint32_t count, uint8_t seed);
bool filled(const volatile uint8_t *bytes, uint32_t count, uint8_t seed);

/* A device that is under test; false: there is none. */
bool target_find(const struct target *target, struct device *device);

/* Reset, set up again, and a valid request: the device is what it was. */
bool target_recovers(const struct target *target, struct device *device);

/* Each device's proof. */
bool blk_works(struct device *device);
bool net_works(struct device *device);
bool console_works(struct device *device);
bool rng_works(struct device *device);
bool vsock_works(struct device *device);

#endif
