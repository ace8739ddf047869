/*
 * The first program of a Linux guest that measures: says when it began, tells its device tree,
 * loads the virtio modules that lie in /root by number, measures, and powers off. Natively and in a
 * VM it does the same.
 */
#include "measure.h"
#include "sys.h"

#define POWER_OFF 0x4321fedc
#define REBOOT_MAGIC ((long)0xfee1deadU)
#define REBOOT_MAGIC2 672274793
#define DTB_LINE 64

__attribute__((used)) static int run(const long *stack);

/* The kernel enters with argc, argv at the stack pointer. */
__asm__(".text\n"
        ".arm\n"
        ".global _start\n"
        "_start:\n"
        "    mov r0, sp\n"
        "    bic sp, sp, #7\n"
        "    bl run\n"
        "    mov r7, #1\n"
        "    svc #0\n");

static void tell_boot(void)
{
    put("MARKER init\n");
    drain();
    uint32_t count = instructions();
    uint32_t time = cycles();
    report_one("boot.instructions", count);
    report_one("boot.time", time);
}

static void mount(const char *what, const char *where)
{
    (void)sys3(SYS_mkdir, PTR(where), 0755, 0);
    check(where, sys6(SYS_mount, PTR(what), PTR(where), PTR(what), 0, 0, 0));
}

static void tell_tree(void)
{
    uint8_t bytes[DTB_LINE];
    long tree = check("open fdt", sys3(SYS_open, PTR("/sys/firmware/fdt"), 0, 0));
    long count;

    while ((count = sys3(SYS_read, tree, PTR(bytes), sizeof bytes)) > 0) {
        put("DTB ");
        put_hex(bytes, (uint32_t)count);
        put("\n");
    }
    drain();
}

static void load_modules(void)
{
    char path[] = "/root/module-00";

    for (uint32_t i = 0;; i++) {
        path[13] = (char)('0' + i / 10u);
        path[14] = (char)('0' + i % 10u);
        long file = sys3(SYS_open, PTR(path), 0, 0);
        if (file < 0) {
            return;
        }
        check(path, sys3(SYS_finit_module, file, PTR(""), 0));
        (void)sys3(SYS_close, file, 0, 0);
    }
}

static int run(const long *stack)
{
    if (stack[0] == 2) { /* started by linux.fork */
        return 0;
    }
    tell_boot();
    mount("devtmpfs", "/dev");
    mount("sysfs", "/sys");
    tell_tree();
    bench_processes();
    load_modules();
    bench_disk();
    bench_network();
    put("MARKER done\n");
    drain();
    (void)sys6(SYS_reboot, REBOOT_MAGIC, REBOOT_MAGIC2, POWER_OFF, 0, 0, 0);
    return 1;
}
