/*
 * A fuzz target as a plain program:
 *
 *   fuzz-NAME FILE...                    replays inputs
 *   fuzz-NAME --iterations N [--seed S]  N pseudo-random mutations of the seeds; the same S gives
 *                                        the same inputs
 *   fuzz-NAME --corpus FOLDER            writes the seeds, for libFuzzer to start from
 *
 * The input that ends the program is left in ./NAME.input.
 */
#include <libgen.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"

#define SEEDS_MAX 64u
#define MUTATIONS_MAX 12u
#define BLOCK_MAX 64u

void __sanitizer_set_death_callback(void (*callback)(void));

static struct {
    size_t size;
    uint8_t data[FUZZ_INPUT_MAX];
} seed[SEEDS_MAX];
static unsigned int seeds;
static uint64_t random_state;
static const char *program;
static const uint8_t *present; /* the input being run */
static size_t present_size;

static uint32_t random_32(void)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return (uint32_t)(random_state >> 16);
}

static uint32_t random_below(size_t limit)
{
    return limit == 0 ? 0 : random_32() % (uint32_t)limit;
}

static void keep_input(void)
{
    char name[128];
    (void)snprintf(name, sizeof name, "%s.input", program);
    FILE *const file = present != NULL ? fopen(name, "wb") : NULL;
    if (file != NULL) {
        (void)fwrite(present, 1, present_size, file);
        (void)fclose(file);
        (void)fprintf(stderr, "the input is in ./%s: run %s with it\n", name, program);
    }
}

static void on_abort(int number)
{
    keep_input();
    (void)signal(number, SIG_DFL);
    (void)raise(number);
}

static void run(const uint8_t *data, size_t size)
{
    uint8_t *const exact = malloc(size != 0 ? size : 1);
    if (exact == NULL) {
        abort();
    }
    memcpy(exact, data, size);
    present = exact;
    present_size = size;
    (void)LLVMFuzzerTestOneInput(exact, size);
    present = NULL;
    free(exact);
}

/* Values at which checks go wrong. */
static uint32_t interesting(void)
{
    static const uint32_t values[] = {0,          1,          2,          3,          4,
                                      7,          8,          15,         16,         31,
                                      32,         0x7f,       0x80,       0xff,       0x100,
                                      0xfff,      0x1000,     0x1001,     0x7fff,     0x8000,
                                      0xffff,     0x10000,    0x7fffffff, 0x80000000, 0xfffff000,
                                      0xfffffff0, 0xfffffffc, 0xfffffffe, 0xffffffff, 0x40000000};
    return values[random_below(sizeof values / sizeof values[0])];
}

static void put_value(uint8_t *data, size_t size)
{
    const uint32_t value = random_below(2) != 0 ? interesting() : random_32();
    const size_t width = (size_t)1 << random_below(3);
    if (size < width) {
        return;
    }
    const size_t at = random_below(size - width + 1) & ~(random_below(2) != 0 ? width - 1 : 0);
    const bool big = random_below(2) != 0;
    for (size_t i = 0; i < width; i++) {
        data[at + i] = (uint8_t)(value >> (8 * (big ? width - 1 - i : i)));
    }
}

/* Moves a block within the input, over what was there. */
static void copy_block(uint8_t *data, size_t size)
{
    if (size < 2) {
        return;
    }
    const size_t length = 1 + random_below(size / 2 < BLOCK_MAX ? size / 2 : BLOCK_MAX);
    memmove(data + random_below(size - length + 1), data + random_below(size - length + 1), length);
}

static size_t insert_block(uint8_t *data, size_t size)
{
    const size_t length = 1 + random_below(BLOCK_MAX);
    if (size + length > FUZZ_INPUT_MAX) {
        return size;
    }
    const size_t at = random_below(size + 1);
    memmove(data + at + length, data + at, size - at);
    for (size_t i = 0; i < length; i++) {
        data[at + i] = (uint8_t)random_32();
    }
    return size + length;
}

static size_t delete_block(uint8_t *data, size_t size)
{
    if (size < 2) {
        return size;
    }
    const size_t length = 1 + random_below(size / 2 < BLOCK_MAX ? size / 2 : BLOCK_MAX);
    const size_t at = random_below(size - length + 1);
    memmove(data + at, data + at + length, size - at - length);
    return size - length;
}

static size_t mutate(uint8_t *data, size_t size)
{
    switch (random_below(8)) {
    case 0:
        return insert_block(data, size);
    case 1:
        return delete_block(data, size);
    case 2:
        copy_block(data, size);
        return size;
    case 3:
        return random_below(4) == 0 ? random_below(size + 1) : size;
    case 4:
        if (size != 0) {
            data[random_below(size)] ^= (uint8_t)(1u << random_below(8));
        }
        return size;
    default:
        put_value(data, size);
        return size;
    }
}

static size_t make_input(uint8_t *data)
{
    size_t size = 0;
    if (seeds != 0 && random_below(4) != 0) {
        const unsigned int n = random_below(seeds);
        size = seed[n].size;
        memcpy(data, seed[n].data, size);
        for (uint32_t i = random_below(MUTATIONS_MAX); i != 0; i--) {
            size = mutate(data, size);
        }
        return size;
    }
    size = random_below(random_below(8) == 0 ? FUZZ_INPUT_MAX : 512);
    for (size_t i = 0; i < size; i++) {
        data[i] = (uint8_t)random_32();
    }
    return size;
}

static void iterate(unsigned long count, uint64_t start)
{
    static uint8_t data[FUZZ_INPUT_MAX];
    random_state = start * 0x9e3779b97f4a7c15u + 1u;
    for (unsigned int i = 0; i < seeds; i++) {
        run(seed[i].data, seed[i].size);
    }
    for (unsigned long i = 0; i < count; i++) {
        run(data, make_input(data));
    }
    (void)printf("%s: %u seeds and %lu inputs, no finding\n", program, seeds, count);
}

static int write_corpus(const char *folder)
{
    for (unsigned int i = 0; i < seeds; i++) {
        char name[512];
        (void)snprintf(name, sizeof name, "%s/seed-%u", folder, i);
        FILE *const file = fopen(name, "wb");
        if (file == NULL || fwrite(seed[i].data, 1, seed[i].size, file) != seed[i].size ||
            fclose(file) != 0) {
            perror(name);
            return 1;
        }
    }
    return 0;
}

static int replay(const char *name)
{
    static uint8_t data[1u << 20];
    FILE *const file = fopen(name, "rb");
    if (file == NULL) {
        perror(name);
        return 1;
    }
    const size_t size = fread(data, 1, sizeof data, file);
    (void)fclose(file);
    run(data, size);
    (void)printf("%s: no finding\n", name);
    return 0;
}

int main(int count, char **argument)
{
    unsigned long iterations = 0;
    unsigned long start = 1;
    int status = 0;
    program = basename(argument[0]);
    __sanitizer_set_death_callback(keep_input);
    (void)signal(SIGABRT, on_abort);
    while (seeds < SEEDS_MAX && (seed[seeds].size = fuzz_seed(seeds, seed[seeds].data)) != 0) {
        seeds++;
    }
    for (int i = 1; i < count; i++) {
        if (strcmp(argument[i], "--iterations") == 0 && i + 1 < count) {
            iterations = strtoul(argument[++i], NULL, 0);
        } else if (strcmp(argument[i], "--seed") == 0 && i + 1 < count) {
            start = strtoul(argument[++i], NULL, 0);
        } else if (strcmp(argument[i], "--corpus") == 0 && i + 1 < count) {
            status |= write_corpus(argument[++i]);
        } else {
            status |= replay(argument[i]);
        }
    }
    if (iterations != 0) {
        iterate(iterations, start);
    }
    return status;
}
