/*
 * A server that misbehaves on request: bootargs name one act.
 */
#include <string.h>

#include <l4/cap.h>
#include <l4/console.h>
#include <l4/ipc.h>
#include <l4/log.h>
#include <l4/memory.h>
#include <l4/proto/devmgr.h>
#include <l4/proto/init.h>
#include <l4/start.h>

static const struct l4_start *start;
static uint32_t code_in_data[] = {0xe12fff1e}; /* bx lr */
static const uint32_t constant = 1;

static void poke(const void *address)
{
    *(volatile uint32_t *)(uintptr_t)address = 1;
}

static void run_at(const void *address)
{
    void (*const function)(void) = (void (*)(void))(uintptr_t)address;
    function();
}

static void read_nothing(void)
{
    (void)*(volatile uint32_t *)0x30000000;
}

static void write_text(void)
{
    poke((const void *)(uintptr_t)&write_text);
}

static void write_constant(void)
{
    poke(&constant);
}

static void write_start_page(void)
{
    poke(start);
}

static void execute_data(void)
{
    run_at(code_in_data);
}

static void execute_stack(void)
{
    volatile uint32_t code[1] = {0xe12fff1e};
    run_at((const void *)(uintptr_t)code);
}

static void execute_constant(void)
{
    run_at(&constant);
}

/* Not a tail call: each level needs its part of the stack. */
static uint32_t deeper(volatile uint32_t *above)
{
    volatile uint32_t local[64];
    local[0] = *above + 1;
    return local[0] == 0 ? 0 : deeper(local) + local[0];
}

static void overflow_stack(void)
{
    uint32_t first = 0;
    (void)deeper(&first);
}

static void undefined(void)
{
    __asm__ volatile("udf #7");
}

static void malformed_call(void)
{
    __asm__ volatile("svc #99" : : : "r0", "r1", "r2", "r3", "memory");
}

static void privileged(void)
{
    uint32_t value = 0;
    __asm__ volatile("mrc p15, 0, %0, c1, c0, 0" : "=r"(value)); /* SCTLR */
}

/* Gives back its own address space's memory under its feet, as far as its rights go. */
static void revoke_itself(void)
{
    for (l4_cap_t cap = 1; cap < start->slot_count; cap++) {
        const l4_status_t status = l4_cap_revoke(cap);
        (void)status;
    }
    for (l4_cap_t cap = start->slot_count - 1; cap > 0; cap--) {
        const l4_status_t status = l4_cap_delete(cap);
        (void)status;
    }
    read_nothing();
}

static l4_status_t ask(l4_cap_t server, struct l4_msg *msg)
{
    return l4_call(server, msg, 1000000);
}

/* Every request to devmgr that it has to refuse, and some that it has to survive. */
static void abuse_devmgr(void)
{
    struct l4_console console;
    const struct l4_session_offer offer = {.server = L4_START_DEVMGR,
                                           .doorbell = L4_START_ENDPOINT,
                                           .bits = 0xffffffffu,
                                           .kind = L4_SESSION_CONSOLE,
                                           .slot = start->slot_first,
                                           .address = start->window_base,
                                           .window = L4_CONSOLE_WINDOW};
    uint32_t refused = 0;
    for (uint32_t label = 0; label < 16; label++) {
        struct l4_msg msg = l4_msg(label, 0xffffffffu, 0xffffffffu, 0, 0);
        if (label != DEVMGR_WALL_CLOCK && ask(L4_START_DEVMGR, &msg) == L4_OK &&
            (l4_status_t)msg.w[0] != L4_OK) {
            refused++;
        }
    }
    /* A capability of the wrong type as the doorbell. */
    l4_msgbuf()->item[0] =
        (struct l4_item){.cap = L4_START_ENDPOINT, .kind = L4_ITEM_COPY, .rights = L4_RIGHT_SEND};
    struct l4_msg msg = l4_msg(L4_SESSION_OPEN, 1, L4_SESSION_CONSOLE, 0, 0);
    msg.tag = l4_tag(L4_SESSION_OPEN, 0, 1);
    if (ask(L4_START_DEVMGR, &msg) == L4_OK && (l4_status_t)msg.w[0] == L4_ERR_TRANSFER) {
        refused++;
    }
    l4_log("devmgr refused %u requests", (unsigned int)refused);
    for (uint32_t i = 0; i < 3; i++) {
        if (l4_console_open(&console, &offer) != L4_OK) {
            l4_log("cannot open the console");
            return;
        }
        (void)l4_console_write(&console, "written before the lie\n", 23);
        memset((void *)(uintptr_t)offer.address, 0x5a + (int)i, L4_PAGE_SIZE);
        const l4_status_t status = l4_signal(L4_START_DEVMGR, 0xffffffffu);
        (void)status;
        if (l4_cap_delete(offer.slot) != L4_OK) {
            l4_log("cannot give the page back");
        }
    }
}

/* No capability but guest RAM's can be mapped writable and executable; none but the guest pool's
 * tells a physical address. */
static void list_rights(void)
{
    const uint32_t both = L4_RIGHT_WRITE | L4_RIGHT_EXEC;
    uint32_t regions = 0;
    uint32_t wrong = 0;
    for (l4_cap_t cap = 1; cap < start->slot_count; cap++) {
        struct l4_cap_info info;
        if (l4_cap_info(cap, &info) != L4_OK || info.type != L4_TYPE_REGION) {
            continue;
        }
        regions++;
        if (cap != start->vmm.pool && ((info.rights & L4_RIGHT_DMA) != 0 ||
                                       (cap != start->vmm.ram && (info.rights & both) == both))) {
            wrong++;
        }
    }
    l4_log("%u regions, %u with rights too many", (unsigned int)regions, (unsigned int)wrong);
}

static void nothing(void)
{
}

/* Says that its guest runs, and then hears nobody. */
static void deaf(void)
{
    struct l4_msg msg = l4_msg(INIT_GUEST_STARTED, 0, 0, 0, 0);
    if (ask(L4_START_INIT, &msg) == L4_OK) {
        l4_log("deaf from now on");
    }
    for (;;) {
        const l4_status_t status = l4_recv(L4_START_ENDPOINT, &msg, L4_TIMEOUT_NEVER);
        (void)status;
    }
}

static const struct {
    const char *name;
    void (*run)(void);
} acts[] = {
    {"read-nothing", read_nothing},
    {"write-text", write_text},
    {"write-constant", write_constant},
    {"write-start-page", write_start_page},
    {"execute-data", execute_data},
    {"execute-stack", execute_stack},
    {"execute-constant", execute_constant},
    {"overflow-stack", overflow_stack},
    {"undefined", undefined},
    {"malformed-call", malformed_call},
    {"privileged", privileged},
    {"revoke-itself", revoke_itself},
    {"abuse-devmgr", abuse_devmgr},
    {"list-rights", list_rights},
    {"nothing", nothing},
    {"deaf", deaf},
};

int l4_main(const void *arg)
{
    start = arg;
    l4_log_to_devmgr(L4_START_DEVMGR);
    if (strcmp(start->vmm.bootargs, "return") == 0) {
        return 3;
    }
    for (uint32_t i = 0; i < sizeof acts / sizeof acts[0]; i++) {
        if (strcmp(start->vmm.bootargs, acts[i].name) == 0) {
            acts[i].run();
        }
    }
    /* Later than all others, so that the last line tells that they hurt nobody. */
    struct l4_msg msg = {0};
    const l4_status_t waited = l4_recv(L4_START_ENDPOINT, &msg, 300000);
    l4_log("still here (%s, %d)", start->vmm.bootargs, (int)waited);
    msg = l4_msg(INIT_GUEST_OFF, L4_OFF_POWER, 0, 0, 0);
    return ask(L4_START_INIT, &msg) == L4_OK ? 0 : 1;
}
