/*
 * Between the parts of the configuration reader: one node being read, and one place that composes
 * problems.
 */
#ifndef INIT_CONFIG_READER_H
#define INIT_CONFIG_READER_H

#include <init/config.h>

#define SEE_BINDINGS "see configs/bindings"
#define CONFIG_SWITCH "pecan,ethernet-switch"
#define CONFIG_CHANNEL "pecan,channel"
#define CONFIG_ACCESS 192u /* entries of all domains' `access`: more than the tables can take */
#define CONFIG_NOBODY UINT32_MAX

/* One node being read. */
struct reader {
    const void *tree;
    int node;
    struct config_report *report;
};

enum encoding {
    ENCODING_ANY,
    ENCODING_FLAG,
    ENCODING_STRING,
    ENCODING_STRINGS,
    ENCODING_CELLS, /* some */
    ENCODING_CELL,
    ENCODING_CELLS_2,
    ENCODING_CELLS_4,
    ENCODING_MAC,
};

struct property {
    const char *name; /* NULL ends a table */
    enum encoding encoding;
};

/* Reports against the reader's node; `what` is formatted. */
__attribute__((format(printf, 4, 5))) void reader_problem(const struct reader *reader,
                                                          const char *property, const char *remedy,
                                                          const char *what, ...);

/* The same against a path. */
__attribute__((format(printf, 5, 6))) void config_problem(struct config_report *report,
                                                          const char *node, const char *property,
                                                          const char *remedy, const char *what,
                                                          ...);

/* Reports properties that are not in the table, and those that cannot be read; looks only at names
 * that begin with `only`. */
void reader_check_properties(const struct reader *reader, const struct property *table,
                             const char *only);

/* Reports a property such as #address-cells that has not its one right value. */
void reader_expect_cell(const struct reader *reader, const char *name, uint32_t value);

/* Reports each child of a node that has none. */
void reader_no_children(const struct reader *reader, const char *remedy);

bool reader_has(const struct reader *reader, const char *name);

/* Status absent, "okay" or "ok"; reports one that is none of these nor "disabled". */
bool reader_enabled(const struct reader *reader);

/* A string property, or `absent`. */
const char *reader_string(const struct reader *reader, const char *name, const char *absent);

/* A cell within [low, high], or `absent`. */
uint32_t reader_cell(const struct reader *reader, const char *name, uint32_t low, uint32_t high,
                     uint32_t absent);

/* <base-hi base-lo size-hi size-lo>; false when it is not that. */
bool reader_range(const struct reader *reader, const char *name, uint64_t *base, uint64_t *size);

/* The node without its unit address would be ambiguous: the whole name. Never NULL. */
const char *node_name(const void *tree, int node);

/* True when that is the node's name without its unit address. */
bool node_is_called(const void *tree, int node, const char *name);

/* True for a device of the board. */
bool node_is_device(const void *tree, int node);

/* --- access --------------------------------------------------------------------------------- */

/* <&node flags> of a domain. */
struct access {
    uint32_t domain; /* index; CONFIG_NOBODY: the switch itself */
    int domain_node;
    int node;   /* what is given */
    int device; /* the board's device behind it; negative: none */
    uint32_t flags;
};

enum access_flags { ACCESS_SHARED, ACCESS_DEDICATED, ACCESS_MEMORY };

struct reading {
    const void *tree;
    struct config *config;
    struct config_report *report;
    uint32_t access_count;
    struct access access[CONFIG_ACCESS];
    int port_node[L4_START_PORTS]; /* of config->port[] */
};

/* The reader of an entry's domain. */
struct reader access_reader(const struct reading *reading, const struct access *access);

/* "Belongs to X already": the earlier entry for the same node, if any. */
const struct access *access_earlier(const struct reading *reading, const struct access *access);

/* Complains about flags other than `allowed`. */
bool access_flags_are(const struct reading *reading, const struct access *access, uint32_t allowed,
                      const char *what);

/* Makes the entries of a domain's `access` known. */
void access_collect(struct reading *reading, uint32_t domain, int node);

/* All domains have been read: what their entries name, and what must hold among them. */
void access_resolve(struct reading *reading);

/* What an entry names: each fills its table and reports what is wrong. */
void config_read_partition(struct reading *reading, struct access *access);
void config_read_port(struct reading *reading, struct access *access);
void config_read_device(struct reading *reading, struct access *access);

/* Every node of the root by itself, and the parts of it: disks and switches. */
void config_check_tree(struct reading *reading);
void config_check_disk(const struct reader *disk);
void config_check_switch(const struct reading *reading, int node);

/* Ports without a domain (uplinks) and who may talk to whom; channels; pages and interrupts of
 * dedicated devices. */
void config_read_switches(struct reading *reading);
void config_read_channels(struct reading *reading);
void config_check_dedicated(struct reading *reading);

/* --- devices -------------------------------------------------------------------------------- */

/* Checks the board node behind an entry (enabled, with registers) and notes that it is used. False:
 * reported. */
bool device_use(struct reading *reading, const struct access *access, int node, uint64_t *base);

/* True when QEMU's device for the node is of that kind. */
bool device_is(const void *tree, int node, const char *kind);

#endif
