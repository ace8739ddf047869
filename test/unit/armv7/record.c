#include <record.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define REGISTERS 64u

struct record record;

static struct {
    const char *name;
    uint64_t value;
} registers[REGISTERS];

static uint64_t *register_of(const char *name)
{
    for (uint32_t i = 0; i < REGISTERS; i++) {
        if (registers[i].name == NULL) {
            registers[i].name = name;
        }
        if (strcmp(registers[i].name, name) == 0) {
            return &registers[i].value;
        }
    }
    fprintf(stderr, "more than %u registers\n", REGISTERS);
    abort();
}

void record_reset(void)
{
    memset(registers, 0, sizeof(registers));
    memset(&record, 0, sizeof(record));
}

void record_clear(void)
{
    record.count = 0;
}

uint64_t record_read(const char *name)
{
    return *register_of(name);
}

void record_write(const char *name, uint64_t value)
{
    *register_of(name) = value;
    if (record.count == RECORD_EVENTS) {
        fprintf(stderr, "more than %u events\n", RECORD_EVENTS);
        abort();
    }
    record.event[record.count++] =
        (struct record_event){name, value, record.watch != NULL ? record.watch() : 0};
}

uint32_t record_find(uint32_t from, const char *what)
{
    while (from < record.count && strcmp(record.event[from].what, what) != 0) {
        from++;
    }
    return from;
}

uint32_t record_find_dsb(uint32_t from)
{
    while (from < record.count && strncmp(record.event[from].what, "dsb", 3) != 0) {
        from++;
    }
    return from;
}
