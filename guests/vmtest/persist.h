/*
 * What the second boot must know about the first, kept twice: in RAM below the
 * image, and folded into the PL031's counter, which a reset of the system does not
 * stop (ARM DDI 0224C, 2.2: the counter has its own reset). Either is enough to
 * break the loop of resets; finding only one is reported.
 */
#ifndef VMTEST_PERSIST_H
#define VMTEST_PERSIST_H

#include <stdbool.h>
#include <stdint.h>

struct persist {
    uint32_t magic;
    uint32_t boots;
    uint32_t done; /* cases reported so far */
    uint32_t failed;
    uint32_t skipped;
    uint32_t sum;
};

enum persist_found { PERSIST_NONE, PERSIST_RTC_ONLY, PERSIST_RAM };

/* Reads and invalidates what the boot before left; counts from the RTC are exact
 * for `failed` and `skipped` up to 255. */
enum persist_found persist_load(struct persist *out);
void persist_save(const struct persist *state);

#endif
