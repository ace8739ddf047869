/*
 * The ELF reader of loader and init: every segment it tells lies in the file and does not wrap.
 */
#include <stdlib.h>
#include <string.h>

#include <l4/base/range.h>
#include <l4/format/elf.h>

#include "fuzz.h"
#include "seed_elf.h"

#define ADDRESSES (UINT64_C(1) << 32)

static void read_segments(const struct elf *elf)
{
    struct elf_segment segment;
    struct format_error error;
    uint32_t index = 0;
    uint32_t last = 0;
    for (;;) {
        const l4_status_t status = elf_next_segment(elf, &index, &segment, &error);
        if (status != L4_OK) {
            FUZZ_CHECK(status == L4_ERR_NOT_FOUND || status == L4_ERR_FORMAT);
            return;
        }
        FUZZ_CHECK(index > last && index <= elf->header_count);
        last = index;
        FUZZ_CHECK(segment.size != 0 && segment.file_size <= segment.size && segment.flags <= 7);
        FUZZ_CHECK(l4_range_fits(segment.offset, segment.file_size, elf->size));
        FUZZ_CHECK(l4_range_fits(segment.va, segment.size, ADDRESSES));
        FUZZ_CHECK(l4_range_fits(segment.pa, segment.size, ADDRESSES));
        uint8_t *const copy = malloc(segment.file_size != 0 ? segment.file_size : 1);
        memcpy(copy, elf->data + segment.offset, segment.file_size);
        free(copy);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_input in = {data, size};
    uint8_t *const file = fuzz_bytes(&in, size);
    struct elf elf;
    struct format_error error;
    if (elf_open(&elf, file, size, &error) == L4_OK) {
        read_segments(&elf);
    }
    free(file);
    return 0;
}

size_t fuzz_seed(unsigned int n, uint8_t *data)
{
    return n < 3 ? seed_elf(data, n + 1, 0x10000000u) : 0;
}
