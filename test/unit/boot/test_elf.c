/*
 * ELF reading: good files, and every lie about sizes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <l4/format/elf.h>

#define SIZE 512u

struct file {
    uint8_t ident[16];
    uint16_t type, machine;
    uint32_t version, entry, phoff, shoff, flags;
    uint16_t ehsize, phentsize, phnum, shentsize, shnum, shstrndx;
    struct {
        uint32_t type, offset, va, pa, filesz, memsz, flags, align;
    } program[3];
};

static uint8_t *data;
static struct file *file;
static struct format_error error;

static int set_up(void **state)
{
    (void)state;
    data = calloc(1, SIZE);
    file = (struct file *)data;
    memcpy(file->ident,
           "\x7f"
           "ELF\x01\x01\x01",
           7);
    file->type = 2;
    file->machine = 40;
    file->entry = 0x10000001;
    file->phoff = 52;
    file->phentsize = 32;
    file->phnum = 3;
    file->program[0].type = 1;
    file->program[0].offset = 0x100;
    file->program[0].va = file->program[0].pa = 0x10000000;
    file->program[0].filesz = 0x80;
    file->program[0].memsz = 0x1000;
    file->program[0].flags = 5;
    file->program[1].type = 7; /* TLS: not loaded */
    file->program[1].memsz = 4;
    file->program[2].type = 1; /* empty: not loaded */
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    free(data);
    return 0;
}

static l4_status_t open_file(struct elf *elf)
{
    return elf_open(elf, data, SIZE, &error);
}

static l4_status_t first_segment(void)
{
    struct elf elf;
    struct elf_segment segment;
    uint32_t index = 0;
    assert_int_equal(open_file(&elf), L4_OK);
    return elf_next_segment(&elf, &index, &segment, &error);
}

static void lists_loadable_segments(void **state)
{
    (void)state;
    struct elf elf;
    struct elf_segment segment;
    uint32_t index = 0;
    assert_int_equal(open_file(&elf), L4_OK);
    assert_int_equal(elf.entry, 0x10000001);
    assert_int_equal(elf_next_segment(&elf, &index, &segment, &error), L4_OK);
    assert_int_equal(segment.va, 0x10000000);
    assert_int_equal(segment.file_size, 0x80);
    assert_int_equal(segment.size, 0x1000);
    assert_int_equal(segment.flags, ELF_READ | ELF_EXEC);
    assert_int_equal(elf_next_segment(&elf, &index, &segment, &error), L4_ERR_NOT_FOUND);
}

static void refuses_other_files(void **state)
{
    (void)state;
    struct elf elf;
    assert_int_equal(elf_open(&elf, data, 51, &error), L4_ERR_FORMAT);
    file->machine = 62;
    assert_int_equal(open_file(&elf), L4_ERR_FORMAT);
    file->machine = 40;
    file->ident[4] = 2; /* 64-bit */
    assert_int_equal(open_file(&elf), L4_ERR_FORMAT);
    file->ident[4] = 1;
    file->type = 1; /* an object file */
    assert_int_equal(open_file(&elf), L4_ERR_FORMAT);
    file->type = 2;
    file->phentsize = 16;
    assert_int_equal(open_file(&elf), L4_ERR_FORMAT);
    file->phentsize = 32;
    file->phnum = 0;
    assert_int_equal(open_file(&elf), L4_ERR_FORMAT);
    file->phnum = 3;
    file->phoff = SIZE - 95;
    assert_int_equal(open_file(&elf), L4_ERR_FORMAT);
    file->phoff = 0xfffffff0u;
    assert_int_equal(open_file(&elf), L4_ERR_FORMAT);
}

static void refuses_segments_out_of_bounds(void **state)
{
    (void)state;
    assert_int_equal(first_segment(), L4_OK);
    file->program[0].offset = SIZE - 0x7f;
    assert_int_equal(first_segment(), L4_ERR_FORMAT);
    file->program[0].offset = 0xffffffc0u;
    assert_int_equal(first_segment(), L4_ERR_FORMAT);
    file->program[0].offset = 0x100;
    file->program[0].memsz = 0x7f; /* less than in the file */
    assert_int_equal(first_segment(), L4_ERR_FORMAT);
    file->program[0].memsz = 0x1000;
    file->program[0].va = 0xfffff001u; /* around the end of the address space */
    assert_int_equal(first_segment(), L4_ERR_FORMAT);
    file->program[0].va = 0x10000000;
    file->program[0].pa = 0xfffff001u;
    assert_int_equal(first_segment(), L4_ERR_FORMAT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(lists_loadable_segments, set_up, tear_down),
        cmocka_unit_test_setup_teardown(refuses_other_files, set_up, tear_down),
        cmocka_unit_test_setup_teardown(refuses_segments_out_of_bounds, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
