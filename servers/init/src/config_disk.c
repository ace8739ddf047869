/*
 * Disks: partitions of block devices.
 */
#include <string.h>

#include <libfdt.h>

#include <l4/base/range.h>
#include <l4/format/dt.h>
#include <l4/proto/disk.h>

#include "config_reader.h"

static const struct property partition_properties[] = {
    {"label", ENCODING_STRING}, {"reg", ENCODING_CELLS_4}, {"read-only", ENCODING_FLAG},
    {"phandle", ENCODING_CELL}, {NULL, ENCODING_ANY},
};

static const struct property table_properties[] = {
    {"compatible", ENCODING_STRINGS},
    {"#address-cells", ENCODING_CELL},
    {"#size-cells", ENCODING_CELL},
    {"phandle", ENCODING_CELL},
    {NULL, ENCODING_ANY},
};

/* The device that a partition lies on; negative: none. */
static int device_of(const void *tree, int partition)
{
    const int partitions = fdt_parent_offset(tree, partition);
    return partitions < 0 ? -1 : fdt_parent_offset(tree, partitions);
}

static bool can_be_given(const struct reading *reading, const struct access *access)
{
    const struct reader reader = access_reader(reading, access);
    const char *const name = node_name(reading->tree, access->node);
    const struct access *const earlier = access_earlier(reading, access);
    if (!access_flags_are(reading, access, ACCESS_SHARED, "a partition")) {
        return false;
    }
    if (earlier != NULL) {
        reader_problem(&reader, "access", "give each domain a partition of its own",
                       "'%s' belongs to %s already", name,
                       reading->config->domain[earlier->domain].name);
        return false;
    }
    if (reading->config->disk_count == L4_START_DISKS) {
        config_problem(reading->report, "/domains", "access", "remove some",
                       "more than %u partitions are given", L4_START_DISKS);
        return false;
    }
    return true;
}

void config_read_partition(struct reading *reading, struct access *access)
{
    const struct reader partition = {reading->tree, access->node, reading->report};
    uint64_t base = 0;
    uint64_t offset = 0;
    uint64_t size = 0;
    access->device = device_of(reading->tree, access->node);
    if (!can_be_given(reading, access) || access->device < 0 ||
        !device_use(reading, access, access->device, &base) ||
        !reader_range(&partition, "reg", &offset, &size)) {
        return; /* a bad reg is reported with the disk's partitions */
    }
    struct l4_start_disk *const disk = &reading->config->disk[reading->config->disk_count++];
    disk->badge = config_badge(access->domain);
    disk->flags = reader_has(&partition, "read-only") ? L4_DISK_READ_ONLY : 0;
    disk->device = base;
    disk->first = offset / L4_DISK_SECTOR;
    disk->sectors = size / L4_DISK_SECTOR;
    const char *const label = reader_string(&partition, "label", "");
    strncpy(disk->label, label, L4_DISK_LABEL);
    reading->config->domain[access->domain].disk_count++;
}

static void check_partition(const struct reader *partition, uint64_t disk_size)
{
    uint64_t offset = 0;
    uint64_t size = 0;
    reader_check_properties(partition, partition_properties, "");
    reader_no_children(partition, "a partition has no children: remove it");
    const char *const label = reader_string(partition, "label", NULL);
    if (!reader_has(partition, "label")) {
        reader_problem(partition, "label", "give it a name of 1 to 20 characters", "missing");
    } else if (label != NULL && strlen(label) > L4_DISK_LABEL) {
        reader_problem(partition, "label", "shorten it to 20 characters",
                       "%u characters are too many", (unsigned int)strlen(label));
    }
    if (!reader_range(partition, "reg", &offset, &size)) {
        if (!reader_has(partition, "reg")) {
            reader_problem(partition, "reg", "give <offset-hi offset-lo size-hi size-lo>, in bytes",
                           "missing");
        }
        return;
    }
    const unsigned long long o = offset;
    const unsigned long long s = size;
    if (size == 0 || !l4_is_aligned(offset | size, L4_DISK_SECTOR)) {
        reader_problem(partition, "reg", "give multiples of 512 bytes",
                       "range 0x%llx+0x%llx is empty or not whole sectors", o, s);
    } else if (!l4_range_fits(offset, size, disk_size)) {
        reader_problem(partition, "reg", "shrink it, or raise pecan,size",
                       "range 0x%llx+0x%llx ends beyond the disk's 0x%llx bytes", o, s,
                       (unsigned long long)disk_size);
    }
}

static void check_overlaps(const struct reader *partition)
{
    uint64_t offset = 0;
    uint64_t size = 0;
    if (!reader_range(partition, "reg", &offset, &size)) {
        return;
    }
    for (int other = fdt_next_subnode(partition->tree, partition->node); other >= 0;
         other = fdt_next_subnode(partition->tree, other)) {
        const struct reader next = {partition->tree, other, partition->report};
        uint64_t other_offset = 0;
        uint64_t other_size = 0;
        if (reader_range(&next, "reg", &other_offset, &other_size) &&
            l4_range_overlaps(offset, size, other_offset, other_size)) {
            reader_problem(&next, "reg", "separate them", "overlaps '%s'",
                           node_name(partition->tree, partition->node));
        }
    }
}

/* The disk's bytes; without a usable pecan,size as many as any partition may want. */
static uint64_t size_of(const struct reader *disk)
{
    int length = 0;
    const fdt32_t *const cells = fdt_getprop(disk->tree, disk->node, "pecan,size", &length);
    if (cells == NULL) {
        reader_problem(disk, "pecan,size", "give the disk's size in bytes as <hi lo>", "missing");
    }
    if (cells == NULL || length != 8) {
        return UINT64_MAX;
    }
    const uint64_t size = (uint64_t)fdt32_ld(&cells[0]) << 32 | fdt32_ld(&cells[1]);
    if (size == 0 || !l4_is_aligned(size, L4_DISK_SECTOR)) {
        reader_problem(disk, "pecan,size", "give a multiple of 512", "0x%llx is not whole sectors",
                       (unsigned long long)size);
        return UINT64_MAX;
    }
    return size;
}

static void check_table(const struct reader *table, uint64_t size)
{
    int node = 0;
    reader_check_properties(table, table_properties, "");
    if (fdt_node_check_compatible(table->tree, table->node, "fixed-partitions") != 0) {
        reader_problem(table, "compatible", "write compatible = \"fixed-partitions\";",
                       "not a table of partitions");
    }
    reader_expect_cell(table, "#address-cells", 2);
    reader_expect_cell(table, "#size-cells", 2);
    fdt_for_each_subnode(node, table->tree, table->node)
    {
        const struct reader partition = {table->tree, node, table->report};
        if (!node_is_called(table->tree, node, "partition")) {
            reader_problem(table, "", "the children of partitions are partition@OFFSET",
                           "unknown node '%s'", node_name(table->tree, node));
        }
        check_partition(&partition, size);
        check_overlaps(&partition);
    }
}

void config_check_disk(const struct reader *disk)
{
    const uint64_t size = size_of(disk);
    int node = 0;
    fdt_for_each_subnode(node, disk->tree, disk->node)
    {
        const struct reader table = {disk->tree, node, disk->report};
        if (strcmp(node_name(disk->tree, node), "partitions") == 0) {
            check_table(&table, size);
        } else {
            reader_problem(disk, "", "a disk has one child, partitions: remove it",
                           "unknown node '%s'", node_name(disk->tree, node));
        }
    }
}
