#include <string.h>

#include <libfdt.h>

#include <l4/base/range.h>
#include <l4/format/dt.h>

#define DT_CELLS_MAX 2

/* The reserved ranges end, inside the tree, and share no byte with the other blocks: fdt_pack()
 * moves each block by itself. */
static bool reservations_apart(const void *blob)
{
    const int count = fdt_num_mem_rsv(blob);
    const uint64_t size = (count + UINT64_C(1)) * sizeof(struct fdt_reserve_entry);
    const uint32_t start = fdt_off_mem_rsvmap(blob);
    return count >= 0 &&
           !l4_range_overlaps(start, size, fdt_off_dt_struct(blob), fdt_size_dt_struct(blob)) &&
           !l4_range_overlaps(start, size, fdt_off_dt_strings(blob), fdt_size_dt_strings(blob));
}

bool dt_check(const void *blob, size_t size)
{
    if (!l4_is_aligned((uintptr_t)blob, 4) || size < sizeof(struct fdt_header) ||
        fdt_check_header(blob) != 0 || fdt_totalsize(blob) > size || fdt_version(blob) < 17) {
        return false;
    }
    const uint32_t total = fdt_totalsize(blob);
    const uint32_t structure = fdt_off_dt_struct(blob);
    const uint32_t strings = fdt_off_dt_strings(blob);
    if (!l4_is_aligned(structure, 4) || !l4_is_aligned(fdt_off_mem_rsvmap(blob), 8) ||
        structure > total || fdt_size_dt_struct(blob) > total - structure || strings > total ||
        fdt_size_dt_strings(blob) > total - strings || fdt_off_mem_rsvmap(blob) > total) {
        return false;
    }
    if (!reservations_apart(blob)) {
        return false;
    }
    unsigned int depth = 0;
    int offset = 0;
    int next = 0;
    for (;; offset = next) {
        const uint32_t tag = fdt_next_tag(blob, offset, &next);
        if (next < 0) {
            return false;
        }
        if (tag == FDT_END) {
            return depth == 0 && offset != 0;
        }
        if (tag == FDT_BEGIN_NODE) {
            if (++depth > DT_DEPTH_MAX || fdt_get_name(blob, offset, NULL) == NULL) {
                return false;
            }
        } else if (tag == FDT_END_NODE) {
            if (depth == 0) {
                return false;
            }
            depth--;
        } else if (tag == FDT_PROP) {
            const char *name = NULL;
            if (depth == 0 || fdt_getprop_by_offset(blob, offset, &name, NULL) == NULL ||
                name == NULL) {
                return false;
            }
        }
    }
}

static uint64_t read_cells(const fdt32_t *cells, int count)
{
    uint64_t value = 0;
    for (int i = 0; i < count; i++) {
        value = value << 32 | fdt32_ld(&cells[i]);
    }
    return value;
}

/* Address and size cells that children of `parent` use; false when they are not 1 or 2. */
static bool child_cells(const void *blob, int parent, int *address_cells, int *size_cells)
{
    *address_cells = fdt_address_cells(blob, parent);
    *size_cells = fdt_size_cells(blob, parent);
    return *address_cells >= 1 && *address_cells <= DT_CELLS_MAX && *size_cells >= 1 &&
           *size_cells <= DT_CELLS_MAX;
}

/* One step up: `bus` maps its children's address to its parent's by its ranges. */
static bool translate(const void *blob, int bus, uint64_t *address)
{
    const int parent = fdt_parent_offset(blob, bus);
    int child_address = 0;
    int child_size = 0;
    int length = 0;
    const fdt32_t *cells = fdt_getprop(blob, bus, "ranges", &length);
    if (cells == NULL || parent < 0 || !child_cells(blob, bus, &child_address, &child_size)) {
        return false;
    }
    const int parent_address = fdt_address_cells(blob, parent);
    if (length == 0) {
        return true;
    }
    if (parent_address < 1 || parent_address > DT_CELLS_MAX) {
        return false;
    }
    const int entry = child_address + parent_address + child_size;
    for (int left = length / 4; left >= entry; left -= entry, cells += entry) {
        const uint64_t from = read_cells(cells, child_address);
        const uint64_t to = read_cells(cells + child_address, parent_address);
        const uint64_t size = read_cells(cells + child_address + parent_address, child_size);
        if (*address >= from && *address - from < size) {
            *address = to + (*address - from);
            return true;
        }
    }
    return false;
}

l4_status_t dt_reg(const void *blob, int node, uint32_t index, uint64_t *base, uint64_t *size)
{
    int address_cells = 0;
    int size_cells = 0;
    int parent = fdt_parent_offset(blob, node);
    int length = 0;
    const fdt32_t *cells = fdt_getprop(blob, node, "reg", &length);
    if (cells == NULL) {
        return L4_ERR_NOT_FOUND;
    }
    if (parent < 0 || !child_cells(blob, parent, &address_cells, &size_cells)) {
        return L4_ERR_FORMAT;
    }
    const uint32_t entry = (uint32_t)(address_cells + size_cells);
    if (index >= (uint32_t)length / 4u / entry) {
        return L4_ERR_NOT_FOUND;
    }
    cells += index * entry;
    *base = read_cells(cells, address_cells);
    *size = read_cells(cells + address_cells, size_cells);
    while (parent != 0) {
        if (!translate(blob, parent, base)) {
            return L4_ERR_FORMAT;
        }
        parent = fdt_parent_offset(blob, parent);
        if (parent < 0) {
            return L4_ERR_FORMAT;
        }
    }
    return *base + *size < *base ? L4_ERR_FORMAT : L4_OK;
}

l4_status_t dt_interrupt(const void *blob, int node, uint32_t index, uint32_t *intid, bool *edge)
{
    int length = 0;
    const fdt32_t *cells = fdt_getprop(blob, node, "interrupts", &length);
    if (cells == NULL || index >= (uint32_t)length / 12u) {
        return L4_ERR_NOT_FOUND;
    }
    const uint32_t type = fdt32_ld(&cells[3 * index]);
    const uint32_t number = fdt32_ld(&cells[3 * index + 1]);
    const uint32_t flags = fdt32_ld(&cells[3 * index + 2]);
    if (type == 0 && number < 988) { /* SPI */
        *intid = 32 + number;
    } else if (type == 1 && number < 16) { /* PPI */
        *intid = 16 + number;
    } else {
        return L4_ERR_FORMAT;
    }
    *edge = (flags & 3u) != 0;
    return L4_OK;
}

bool dt_enabled(const void *blob, int node)
{
    const char *status = dt_string(blob, node, "status");
    return status == NULL || strcmp(status, "okay") == 0 || strcmp(status, "ok") == 0;
}

int dt_next_compatible(const void *blob, int start, const char *compatible)
{
    int node = start;
    do {
        node = fdt_node_offset_by_compatible(blob, node, compatible);
    } while (node >= 0 && !dt_enabled(blob, node));
    return node;
}

l4_status_t dt_number(const void *blob, int node, const char *name, uint64_t *value)
{
    int length = 0;
    const fdt32_t *cells = fdt_getprop(blob, node, name, &length);
    if (cells == NULL) {
        return L4_ERR_NOT_FOUND;
    }
    if (length != 4 && length != 8) {
        return L4_ERR_FORMAT;
    }
    *value = read_cells(cells, length / 4);
    return L4_OK;
}

const char *dt_string(const void *blob, int node, const char *name)
{
    int length = 0;
    const char *text = fdt_getprop(blob, node, name, &length);
    return text != NULL && length > 0 && text[length - 1] == '\0' ? text : NULL;
}

int dt_stdout(const void *blob)
{
    const int chosen = fdt_path_offset(blob, "/chosen");
    const char *path = chosen < 0 ? NULL : dt_string(blob, chosen, "stdout-path");
    if (path == NULL) {
        return -FDT_ERR_NOTFOUND;
    }
    const char *options = strchr(path, ':');
    const size_t length = options != NULL ? (size_t)(options - path) : strlen(path);
    return fdt_path_offset_namelen(blob, path, (int)length);
}
