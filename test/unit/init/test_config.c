/*
 * The configuration reader: defaults, every refusal, and corrupted trees. Whole files with their
 * messages are in test/system/bad-configs.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <libfdt.h>

#include <init/config.h>
#include <l4/format/dt.h>

#define SIZE 4096

static uint64_t tree_words[SIZE / 8];
static void *const tree = tree_words;
static struct config config;
static char problems[4096];

static void note(void *context, const char *node, const char *property, const char *what,
                 const char *remedy)
{
    (void)context;
    const size_t used = strlen(problems);
    assert_non_null(remedy);
    (void)snprintf(problems + used, sizeof problems - used, "%s: %s: %s\n", node, property, what);
}

static struct config_report report = {note, NULL, 0};

static void begin(void)
{
    problems[0] = '\0';
    report.count = 0;
    assert_int_equal(fdt_create(tree, SIZE), 0);
    assert_int_equal(fdt_finish_reservemap(tree), 0);
    assert_int_equal(fdt_begin_node(tree, ""), 0);
    assert_int_equal(fdt_begin_node(tree, "domains"), 0);
    assert_int_equal(fdt_property_u32(tree, "#address-cells", 2), 0);
    assert_int_equal(fdt_property_u32(tree, "#size-cells", 2), 0);
}

static void string(const char *name, const char *value)
{
    assert_int_equal(fdt_property_string(tree, name, value), 0);
}

static void cells(const char *name, uint32_t count, ...)
{
    fdt32_t big[8];
    va_list values;
    va_start(values, count);
    for (uint32_t i = 0; i < count; i++) {
        big[i] = cpu_to_fdt32(va_arg(values, uint32_t));
    }
    va_end(values);
    assert_int_equal(fdt_property(tree, name, big, (int)(4 * count)), 0);
}

static void domain(const char *name)
{
    assert_int_equal(fdt_begin_node(tree, name), 0);
    string("compatible", "openamp,domain-v1");
}

static void domain_with_memory(const char *name)
{
    domain(name);
    cells("memory", 4, 0u, 0x40000000u, 0u, 0x08000000u);
}

static void end(void)
{
    assert_int_equal(fdt_end_node(tree), 0);
}

/* Closes the tree and reads it; returns the problems as text. */
static const char *read_all(void)
{
    end();
    end();
    assert_int_equal(fdt_finish(tree), 0);
    assert_true(dt_check(tree, SIZE));
    config_read(tree, &config, &report);
    return problems;
}

static void reads_all_properties(void **state)
{
    (void)state;
    begin();
    domain_with_memory("linux0");
    string("pecan,kernel", "linux");
    string("pecan,initrd", "initramfs");
    string("pecan,bootargs", "console=ttyAMA0");
    cells("pecan,priority", 1, 120u);
    cells("pecan,budget-us", 1, 5000u);
    cells("pecan,period-us", 1, 10000u);
    assert_int_equal(fdt_property(tree, "pecan,pmu", "", 0), 0);
    end();
    domain_with_memory("raw0");
    string("pecan,kernel", "image");
    string("pecan,kernel-format", "raw");
    cells("pecan,load-address", 2, 0u, 0x40200000u);
    end();
    domain_with_memory("rom0");
    string("pecan,kernel", "u-boot");
    string("pecan,kernel-format", "rom");
    end();
    assert_string_equal(read_all(), "");
    assert_int_equal(config.count, 3);

    const struct config_domain *const linux0 = &config.domain[0];
    assert_string_equal(linux0->name, "linux0");
    assert_string_equal(linux0->kernel, "linux");
    assert_string_equal(linux0->initrd, "initramfs");
    assert_null(linux0->rom);
    assert_string_equal(linux0->bootargs, "console=ttyAMA0");
    assert_int_equal(linux0->kernel_format, L4_KERNEL_ZIMAGE);
    assert_int_equal(linux0->ram_ipa, 0x40000000);
    assert_int_equal(linux0->ram_size, 0x08000000);
    assert_int_equal(linux0->vcpus, 1);
    assert_int_equal(linux0->priority, 120);
    assert_int_equal(linux0->budget_us, 5000);
    assert_int_equal(linux0->period_us, 10000);
    assert_int_equal(linux0->flags, L4_VMM_PMU);

    assert_int_equal(config.domain[1].kernel_format, L4_KERNEL_RAW);
    assert_int_equal(config.domain[1].load_address, 0x40200000);
    assert_int_equal(config.domain[1].priority, CONFIG_PRIORITY_DEFAULT);
    assert_string_equal(config.domain[1].bootargs, "");
    assert_null(config.domain[2].kernel);
    assert_string_equal(config.domain[2].rom, "u-boot");
    assert_int_equal(config.domain[2].kernel_format, L4_KERNEL_NONE);
}

static void lets_equals_take_turns(void **state)
{
    (void)state;
    static const uint32_t priorities[] = {100, 150, 100, 100};
    static const uint32_t budgets[] = {CONFIG_TURN_US, 0, 2000, CONFIG_TURN_US};
    static const uint32_t periods[] = {CONFIG_TURN_US, 0, 8000, CONFIG_TURN_US};
    begin();
    for (uint32_t i = 0; i < 4; i++) {
        domain_with_memory((const char *const[]){"a", "alone", "limited", "b"}[i]);
        string("pecan,rom", "x");
        cells("pecan,priority", 1, priorities[i]);
        if (i == 2) {
            cells("pecan,budget-us", 1, 2000u);
            cells("pecan,period-us", 1, 8000u);
        }
        end();
    }
    assert_string_equal(read_all(), "");
    for (uint32_t i = 0; i < 4; i++) {
        assert_int_equal(config.domain[i].budget_us, budgets[i]);
        assert_int_equal(config.domain[i].period_us, periods[i]);
    }
}

static void leaves_out_what_is_disabled(void **state)
{
    (void)state;
    begin();
    domain("broken");
    string("status", "disabled");
    end();
    domain_with_memory("a");
    string("status", "okay");
    string("pecan,rom", "x");
    end();
    domain_with_memory("b");
    string("status", "off");
    end();
    assert_string_equal(read_all(), "/domains/b: status: unknown status 'off'\n");
    assert_int_equal(config.count, 1);
    assert_string_equal(config.domain[0].name, "a");
}

static void reports_every_problem(void **state)
{
    (void)state;
    begin();
    domain("a");
    string("pecan,rom", "x");
    cells("pecan,vcpus", 1, 4u);
    end();
    domain_with_memory("b");
    end();
    (void)read_all();
    assert_int_equal(report.count, 3);
    assert_string_equal(problems, "/domains/a: memory: missing\n"
                                  "/domains/a: pecan,vcpus: 4 is out of range\n"
                                  "/domains/b: pecan,kernel: missing\n");
}

static void refuses_wrong_encodings(void **state)
{
    (void)state;
    begin();
    domain("a");
    cells("memory", 3, 0u, 0x40000000u, 0x1000u);
    cells("pecan,kernel", 1, 1u);
    string("pecan,priority", "high");
    cells("pecan,load-address", 1, 0u);
    cells("pecan,pmu", 1, 1u);
    string("pecan,colour", "red");
    assert_int_equal(fdt_property(tree, "pecan,bootargs", "no end", 6), 0);
    end();
    (void)read_all();
    assert_non_null(strstr(problems, "memory: must be one range"));
    assert_non_null(strstr(problems, "pecan,kernel: must be one string"));
    assert_non_null(strstr(problems, "pecan,priority: must be 1 cell"));
    assert_non_null(strstr(problems, "pecan,load-address: must be 2 cells"));
    assert_non_null(strstr(problems, "pecan,pmu: is a flag and takes no value"));
    assert_non_null(strstr(problems, "pecan,colour: unknown property"));
    assert_non_null(strstr(problems, "pecan,bootargs: must be one string"));
}

static void refuses_too_many_domains(void **state)
{
    (void)state;
    begin();
    for (unsigned int i = 0; i <= CONFIG_DOMAINS; i++) {
        char name[8];
        (void)snprintf(name, sizeof name, "vm%u", i);
        domain_with_memory(name);
        string("pecan,rom", "x");
        end();
    }
    assert_string_equal(read_all(), "/domains: : more than 16 domains\n");
    assert_int_equal(config.count, CONFIG_DOMAINS);
}

static void refuses_a_tree_without_domains(void **state)
{
    (void)state;
    begin();
    assert_string_equal(read_all(), "/domains: : there is no domain\n");
    problems[0] = '\0';
    assert_int_equal(fdt_create_empty_tree(tree, SIZE), 0);
    config_read(tree, &config, &report);
    assert_string_equal(problems, "/domains: : missing\n");
}

static bool one_megabyte(void *context, const char *name, uint64_t *size)
{
    (void)context;
    *size = 1u << 20;
    return strcmp(name, "none") != 0;
}

static void checks_images_and_total_memory(void **state)
{
    (void)state;
    const struct config_board board = {0x0fffffff, one_megabyte, NULL, NULL, 0};
    begin();
    domain_with_memory("a");
    string("pecan,kernel", "none");
    end();
    domain("b");
    cells("memory", 4, 0u, 0x40000000u, 0u, 0x08080000u);
    string("pecan,kernel", "image");
    string("pecan,kernel-format", "raw");
    cells("pecan,load-address", 2, 0u, 0x48000000u);
    end();
    assert_string_equal(read_all(), "");
    config_check(&config, &board, &report);
    assert_string_equal(
        problems,
        "/domains/a: pecan,kernel: no image named 'none'\n"
        "/domains/b: pecan,kernel: image 'image' of 0x100000 bytes does not fit into 0x80000\n"
        "/domains: memory: the domains ask for 256 MiB; the board has 255 MiB free\n");
}

static void survives_corruption(void **state)
{
    (void)state;
    static const uint8_t values[] = {0x00, 0x01, 0x03, 0x2f, 0x80, 0xff};
    begin();
    domain_with_memory("a");
    string("pecan,kernel", "linux");
    cells("pecan,budget-us", 1, 5000u);
    end();
    (void)read_all();
    const size_t total = fdt_totalsize(tree);
    uint8_t *const bytes = malloc(total); /* exact: the sanitizer sees any access beyond */
    memcpy(bytes, tree, total);
    for (size_t at = 0; at < total; at++) {
        const uint8_t kept = bytes[at];
        for (size_t i = 0; i < sizeof values; i++) {
            bytes[at] = values[i];
            problems[0] = '\0';
            if (dt_check(bytes, total)) {
                config_read(bytes, &config, &report);
            }
        }
        bytes[at] = kept;
    }
    free(bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_all_properties),
        cmocka_unit_test(lets_equals_take_turns),
        cmocka_unit_test(leaves_out_what_is_disabled),
        cmocka_unit_test(reports_every_problem),
        cmocka_unit_test(refuses_wrong_encodings),
        cmocka_unit_test(refuses_too_many_domains),
        cmocka_unit_test(refuses_a_tree_without_domains),
        cmocka_unit_test(checks_images_and_total_memory),
        cmocka_unit_test(survives_corruption),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
