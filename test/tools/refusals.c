/*
 * What init says about a compiled configuration: refusals FILE.dtb. Prints init's lines
 * without their tag; status 1 when there is one.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <init/config.h>
#include <l4/format/dt.h>

#define RAM_FREE (UINT64_C(1000) << 20)
#define UART 0x09000000u

static void problem(void *context, const char *node, const char *property, const char *what,
                    const char *remedy)
{
    (void)context;
    printf("%s: %s%s%s; %s\n", node, property, property[0] != '\0' ? ": " : "", what, remedy);
}

/* Every image is there but one, and Linux is as large as it is. */
static bool image(void *context, const char *name, uint64_t *size)
{
    (void)context;
    *size = strncmp(name, "linux", 5) == 0 ? 5u << 20 : 4096;
    return strcmp(name, "no-such-image") != 0;
}

static void *load(const char *path)
{
    static const size_t most = 1u << 20;
    FILE *const file = fopen(path, "rb");
    char *const blob = malloc(most);
    if (file == NULL || blob == NULL) {
        perror(path);
        exit(2);
    }
    const size_t size = fread(blob, 1, most, file);
    (void)fclose(file);
    if (!dt_check(blob, size)) {
        fprintf(stderr, "%s: no device tree\n", path);
        exit(2);
    }
    return blob;
}

int main(int count, char **arguments)
{
    static struct config config;
    struct config_report report = {problem, NULL, 0};
    struct config_board board = {RAM_FREE, image, NULL, NULL, UART};
    if (count < 2) {
        return 2;
    }
    void *const tree = load(arguments[1]);
    config_read(tree, &config, &report);
    if (report.count == 0) {
        config_check(&config, &board, &report);
    }
    free(tree);
    return report.count != 0;
}
