#include <string.h>

#include <bearssl_hash.h>
#include <libfdt.h>

#include <l4/base/range.h>
#include <l4/format/dt.h>
#include <l4/format/fit.h>

#define REMEDY_REPACK "pack it again with tools/mkfit.py"

l4_status_t fit_open(struct fit *fit, const void *base, size_t size, struct format_error *error)
{
    if (!l4_is_aligned((uintptr_t)base, 8)) {
        return format_refuse(error, L4_ERR_FORMAT, "the package is not aligned to 8 bytes",
                             "its address", "load it at an aligned address");
    }
    if (!dt_check(base, size)) {
        return format_refuse(error, L4_ERR_FORMAT,
                             "the package is not a FIT image (a device tree), or is cut short",
                             "its header and structure", REMEDY_REPACK);
    }
    if (fdt_path_offset(base, "/images") < 0) {
        return format_refuse(error, L4_ERR_FORMAT, "the package has no images", "/images",
                             REMEDY_REPACK);
    }
    fit->base = base;
    fit->size = size;
    fit->data_base = (size_t)l4_align_up(fdt_totalsize(base), 4);
    return L4_OK;
}

/* data-position counts from the package's start, data-offset from the tree's end. */
static l4_status_t find_data(const struct fit *fit, int node, struct fit_image *image,
                             struct format_error *error)
{
    uint64_t start = 0;
    uint64_t size = 0;
    int length = 0;
    const uint8_t *const inside = fdt_getprop(fit->base, node, "data", &length);
    if (inside != NULL) {
        start = (uint64_t)(inside - fit->base);
        size = (uint64_t)length;
    } else {
        l4_status_t status = dt_number(fit->base, node, "data-position", &start);
        if (status == L4_ERR_NOT_FOUND) {
            status = dt_number(fit->base, node, "data-offset", &start);
            if (start <= fit->size) {
                start += fit->data_base;
            }
        }
        if (status != L4_OK || dt_number(fit->base, node, "data-size", &size) != L4_OK) {
            return format_refuse(error, L4_ERR_FORMAT, "the image's place is not given",
                                 "data-offset, data-position or data-size", REMEDY_REPACK);
        }
    }
    if (size == 0 || !l4_range_fits(start, size, fit->size)) {
        return format_refuse(error, L4_ERR_FORMAT, "the image lies outside the package or is empty",
                             "data-offset and data-size", REMEDY_REPACK);
    }
    image->offset = (size_t)start;
    image->data = fit->base + start;
    image->size = (size_t)size;
    return L4_OK;
}

/* The first hash-* subnode that is a SHA-256. */
static l4_status_t find_hash(const struct fit *fit, int node, struct fit_image *image,
                             struct format_error *error)
{
    int child = 0;
    fdt_for_each_subnode(child, fit->base, node)
    {
        const char *const name = fdt_get_name(fit->base, child, NULL);
        const char *const algo = dt_string(fit->base, child, "algo");
        if (name == NULL || algo == NULL || strncmp(name, "hash", 4) != 0 ||
            strcmp(algo, "sha256") != 0) {
            continue;
        }
        int length = 0;
        image->hash = fdt_getprop(fit->base, child, "value", &length);
        if (image->hash != NULL && length == (int)FIT_HASH_SIZE) {
            return L4_OK;
        }
    }
    return format_refuse(error, L4_ERR_FORMAT, "the image has no sha256", "hash-1", REMEDY_REPACK);
}

l4_status_t fit_find(const struct fit *fit, const char *name, struct fit_image *image,
                     struct format_error *error)
{
    const int images = fdt_path_offset(fit->base, "/images");
    /* Exact: fdt_subnode_offset() would also take NAME@1 for NAME. */
    const int node = images < 0 ? images : fdt_subnode_offset(fit->base, images, name);
    const char *const found = node < 0 ? NULL : fdt_get_name(fit->base, node, NULL);
    if (found == NULL || strcmp(found, name) != 0) {
        return format_refuse(error, L4_ERR_NOT_FOUND, "the package has no such image", "/images",
                             "add the image to the package, or correct its name");
    }
    image->name = found;
    const l4_status_t status = find_data(fit, node, image, error);
    return status != L4_OK ? status : find_hash(fit, node, image, error);
}

l4_status_t fit_verify(const struct fit_image *image, struct format_error *error)
{
    uint8_t hash[FIT_HASH_SIZE];
    br_sha256_context context;
    br_sha256_init(&context);
    br_sha256_update(&context, image->data, image->size);
    br_sha256_out(&context, hash);
    if (memcmp(hash, image->hash, FIT_HASH_SIZE) != 0) {
        return format_refuse(error, L4_ERR_HASH, "the image does not match its sha256", "hash-1",
                             "the package is damaged: pack or load it again");
    }
    return L4_OK;
}
