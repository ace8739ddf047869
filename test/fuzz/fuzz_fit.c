/*
 * The FIT reader: every image it finds lies in the package, and its hash in the tree.
 */
#include <stdlib.h>

#include <bearssl_hash.h>
#include <l4/format/fit.h>

#include "tree.h"

static const char *const names[] = {"kernel", "init", "config", "vmm@1", "", "hash-1"};

static void check_image(const struct fit *fit, const char *name)
{
    struct fit_image image;
    struct format_error error;
    if (fit_find(fit, name, &image, &error) != L4_OK) {
        FUZZ_CHECK(error.what != NULL && error.where != NULL && error.remedy != NULL);
        return;
    }
    FUZZ_CHECK(strcmp(image.name, name) == 0);
    FUZZ_CHECK(image.size != 0 && image.size <= fit->size);
    FUZZ_CHECK(image.offset <= fit->size - image.size);
    FUZZ_CHECK(image.data == fit->base + image.offset);
    FUZZ_CHECK(image.hash > fit->base);
    FUZZ_CHECK(image.hash + FIT_HASH_SIZE <= fit->base + fit->size);
    const l4_status_t status = fit_verify(&image, &error);
    FUZZ_CHECK(status == L4_OK || status == L4_ERR_HASH);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_input in = {data, size};
    uint8_t *const package = fuzz_bytes(&in, size);
    struct fit fit;
    struct format_error error;
    if (fit_open(&fit, package, size, &error) == L4_OK) {
        for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
            check_image(&fit, names[i]);
        }
    }
    free(package);
    return 0;
}

enum place { INSIDE, OFFSET, POSITION, PLACES };

static void seed_image(void *tree, const char *name, enum place place, unsigned int at)
{
    static const char content[] = "the image's contents";
    uint8_t hash[FIT_HASH_SIZE];
    br_sha256_context context;
    br_sha256_init(&context);
    br_sha256_update(&context, content, sizeof content);
    br_sha256_out(&context, hash);
    tree_node(tree, name);
    if (place == INSIDE) {
        tree_bytes(tree, "data", content, sizeof content);
    } else {
        tree_cells(tree, place == OFFSET ? "data-offset" : "data-position", 1, at);
        tree_cells(tree, "data-size", 1, (unsigned int)sizeof content);
    }
    tree_node(tree, "hash-1");
    tree_string(tree, "algo", "sha256");
    tree_bytes(tree, "value", hash, sizeof hash);
    tree_end(tree);
    tree_end(tree);
}

size_t fuzz_seed(unsigned int n, uint8_t *data)
{
    static const char content[] = "the image's contents";
    const size_t tree_size = 2048;
    if (n >= PLACES) {
        return 0;
    }
    tree_begin(data, tree_size);
    tree_root(data);
    tree_string(data, "description", "a package");
    tree_node(data, "images");
    seed_image(data, "kernel", (enum place)n, n == POSITION ? (unsigned int)tree_size : 0);
    seed_image(data, "init", (enum place)n, n == POSITION ? (unsigned int)tree_size + 64 : 64);
    seed_image(data, "vmm@1", INSIDE, 0);
    tree_end(data);
    (void)tree_finish(data);
    fdt_set_totalsize(data, (uint32_t)tree_size);
    memcpy(data + tree_size, content, sizeof content);
    memcpy(data + tree_size + 64, content, sizeof content);
    return tree_size + 128;
}
