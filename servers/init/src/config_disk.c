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
    {"phandle", ENCODING_ANY},  {NULL, ENCODING_ANY},
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
        reader_problem(&reader, "access", "remove some", "more than %u partitions are given",
                       L4_START_DISKS);
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
    reader_check_properties(partition, partition_properties);
    const char *const label = reader_string(partition, "label", NULL);
    if (label == NULL) {
        reader_problem(partition, "label", "give a name of up to 20 characters", "missing");
    } else if (strlen(label) > L4_DISK_LABEL) {
        reader_problem(partition, "label", "shorten it to 20 characters",
                       "%u characters are too many", (unsigned int)strlen(label));
    }
    if (!reader_range(partition, "reg", &offset, &size)) {
        if (!reader_has(partition, "reg")) {
            reader_problem(partition, "reg", "give <offset-hi offset-lo size-hi size-lo>",
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

static void check_disk(const struct reader *disk, int partitions)
{
    uint64_t size = 0;
    int node = 0;
    if (fdt_node_check_compatible(disk->tree, partitions, "fixed-partitions") != 0) {
        return;
    }
    if (dt_number(disk->tree, disk->node, "pecan,size", &size) != L4_OK) {
        reader_problem(disk, "pecan,size", "give the disk's size in bytes: <hi lo>",
                       reader_has(disk, "pecan,size") ? "must be 2 cells: <hi lo>" : "missing");
        return;
    }
    fdt_for_each_subnode(node, disk->tree, partitions)
    {
        const struct reader partition = {disk->tree, node, disk->report};
        check_partition(&partition, size);
        check_overlaps(&partition);
    }
}

void config_check_partitions(struct reading *reading)
{
    int node = 0;
    fdt_for_each_subnode(node, reading->tree, 0)
    {
        const int partitions = fdt_subnode_offset(reading->tree, node, "partitions");
        if (partitions >= 0 && dt_enabled(reading->tree, node)) {
            check_disk(&(struct reader){reading->tree, node, reading->report}, partitions);
        }
    }
}
