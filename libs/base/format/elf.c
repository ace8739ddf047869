#include <string.h>

#include <l4/base/range.h>
#include <l4/format/elf.h>

/* The System V ABI's structures, as far as they are read. */
struct file_header {
    uint8_t ident[16];
    uint16_t type;
    uint16_t machine;
    uint32_t version;
    uint32_t entry;
    uint32_t program_offset;
    uint32_t section_offset;
    uint32_t flags;
    uint16_t header_size;
    uint16_t program_size;
    uint16_t program_count;
    uint16_t section_size;
    uint16_t section_count;
    uint16_t section_names;
};

struct program_header {
    uint32_t type;
    uint32_t offset;
    uint32_t va;
    uint32_t pa;
    uint32_t file_size;
    uint32_t size;
    uint32_t flags;
    uint32_t align;
};

#define TYPE_EXEC 2u
#define TYPE_DYN 3u
#define MACHINE_ARM 40u
#define PROGRAM_LOAD 1u
#define PROGRAMS_MAX 64u

static const uint8_t magic[7] = {0x7f, 'E', 'L', 'F', 1 /* 32-bit */, 1 /* little endian */, 1};

l4_status_t elf_open(struct elf *elf, const void *data, size_t size, struct format_error *error)
{
    struct file_header header;
    if (size < sizeof header) {
        return format_refuse(error, L4_ERR_FORMAT, "it is too short for an ELF file", "ELF header",
                             "give an ELF executable");
    }
    memcpy(&header, data, sizeof header);
    if (memcmp(header.ident, magic, sizeof magic) != 0 || header.machine != MACHINE_ARM ||
        (header.type != TYPE_EXEC && header.type != TYPE_DYN)) {
        return format_refuse(error, L4_ERR_FORMAT,
                             "it is not a 32-bit little-endian ARM ELF executable", "ELF header",
                             "build it for ARMv7-A, linked at a fixed address");
    }
    if (header.program_size != sizeof(struct program_header) || header.program_count == 0 ||
        header.program_count > PROGRAMS_MAX ||
        !l4_range_fits(header.program_offset, header.program_count * sizeof(struct program_header),
                       size)) {
        return format_refuse(error, L4_ERR_FORMAT, "its program headers are missing or cut short",
                             "ELF e_phoff, e_phnum", "link the executable again");
    }
    elf->data = data;
    elf->size = size;
    elf->entry = header.entry;
    elf->headers = header.program_offset;
    elf->header_count = header.program_count;
    return L4_OK;
}

l4_status_t elf_next_segment(const struct elf *elf, uint32_t *index, struct elf_segment *segment,
                             struct format_error *error)
{
    while (*index < elf->header_count) {
        struct program_header header;
        memcpy(&header, elf->data + elf->headers + *index * sizeof header, sizeof header);
        (*index)++;
        if (header.type != PROGRAM_LOAD || header.size == 0) {
            continue;
        }
        if (header.file_size > header.size ||
            !l4_range_fits(header.offset, header.file_size, elf->size) ||
            !l4_range_fits(header.va, header.size, UINT64_C(1) << 32) ||
            !l4_range_fits(header.pa, header.size, UINT64_C(1) << 32)) {
            return format_refuse(error, L4_ERR_FORMAT,
                                 "a segment lies outside the file or the address space",
                                 "ELF program header", "link the executable again");
        }
        segment->offset = header.offset;
        segment->file_size = header.file_size;
        segment->va = header.va;
        segment->pa = header.pa;
        segment->size = header.size;
        segment->flags = header.flags & 7u;
        return L4_OK;
    }
    return L4_ERR_NOT_FOUND;
}
