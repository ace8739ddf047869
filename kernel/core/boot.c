/*
 * Kernel start: root regions, init's address space and thread. Everything that init may give to
 * others is a capability in its table from here on; the kernel keeps nothing back.
 */
#include <arch/cpu.h>
#include <kernel/aspace.h>
#include <kernel/boot.h>
#include <kernel/cpu.h>
#include <kernel/print.h>
#include <kernel/region.h>
#include <kernel/trace.h>

#define INIT_SLOTS 1024u
#define INIT_PRIORITY 250u
#define RAM_RIGHTS L4_RIGHT_ALL
#define OWN_RANGES 4u
#define ADDRESS_END (1ull << 32)

struct l4_bootinfo boot_info;

static struct object roots[L4_ROOT_REGIONS];
static struct object system_object;
static struct cap pool_slot;

static struct aspace *init_space;
static struct l4_rootinfo *info;

static struct cap *init_slot(uint32_t index)
{
    struct cap *slot;

    kassert(cap_free_slot(init_space, index, &slot) == L4_OK);
    return slot;
}

static struct cap *add_region(uint32_t kind, uint64_t base, uint64_t size, uint8_t rights)
{
    uint32_t n = info->region_count;
    struct cap *slot = init_slot(L4_ROOT_FIRST_REGION + n);
    bool device = kind == L4_ROOT_DEVICE || kind == L4_ROOT_GICV;

    kassert(n < L4_ROOT_REGIONS - 1u); /* the last is the pool's */
    region_root_init(&roots[n], slot, (frame_t)(base >> L4_PAGE_SHIFT),
                     (uint32_t)(size >> L4_PAGE_SHIFT), device, rights);
    slot->flags |= kind == L4_ROOT_GICV ? CAP_GUEST : 0;
    info->region[n] = (struct l4_root_region){
        .base = base,
        .size = size,
        .kind = kind,
        .cap = L4_ROOT_FIRST_REGION + n,
    };
    info->region_count = n + 1;
    return slot;
}

static void map_now(struct cap *region, uint32_t va, uint32_t attr)
{
    int r;

    do {
        r = aspace_map(init_space, region, va, attr);
    } while (r == KERNEL_PREEMPTED);
    kassert(r == L4_OK);
}

/* What is not a device for init: the pages that the kernel drives itself, then RAM. */
static struct l4_boot_range taken(uint32_t i)
{
    const struct l4_bootinfo *b = &boot_info;
    const struct l4_boot_range own[OWN_RANGES] = {
        {b->gicd, L4_PAGE_SIZE},
        {b->gicc, 2 * L4_PAGE_SIZE},
        {b->gich, L4_PAGE_SIZE},
        {b->gicv, 2 * L4_PAGE_SIZE},
    };

    return i < OWN_RANGES ? own[i] : b->all_ram[i - OWN_RANGES];
}

static void add_devices(void)
{
    uint64_t at = 0;

    while (at < ADDRESS_END) {
        uint64_t end = at; /* of what is taken here */
        uint64_t next = ADDRESS_END;

        for (uint32_t i = 0; i < OWN_RANGES + boot_info.all_ram_count; i++) {
            struct l4_boot_range range = taken(i);

            if (range.base > at) {
                next = range.base < next ? range.base : next;
            } else if (range.base + range.size > end) {
                end = range.base + range.size;
            }
        }
        if (end == at) {
            (void)add_region(L4_ROOT_DEVICE, at, next - at, RAM_RIGHTS & ~L4_RIGHT_EXEC);
            end = next;
        }
        at = end;
    }
    (void)add_region(L4_ROOT_GICV, boot_info.gicv, 2ull * L4_PAGE_SIZE,
                     RAM_RIGHTS & ~L4_RIGHT_EXEC);
}

static void add_memory(void)
{
    const struct l4_bootinfo *b = &boot_info;

    for (uint32_t i = 0; i < b->ram_count; i++) {
        (void)add_region(L4_ROOT_RAM, b->ram[i].base, b->ram[i].size, RAM_RIGHTS);
    }
    (void)add_region(L4_ROOT_FIT, b->fit.base, b->fit.size, RAM_RIGHTS);
    (void)add_region(L4_ROOT_DTB, b->dtb.base, b->dtb.size, RAM_RIGHTS);
    for (uint32_t i = 0; i < b->segment_count; i++) {
        const struct l4_boot_segment *s = &b->segment[i];

        map_now(add_region(L4_ROOT_IMAGE, s->pa, s->size, RAM_RIGHTS), s->va, s->flags);
    }
}

/* A page of init's pool as a region of its own, mapped. */
static struct cap *add_page(uint32_t va, uint32_t attr, void **page)
{
    struct cap *c;

    *page = pool_alloc(&init_space->pool, POOL_PAGE);
    kassert(*page != NULL);
    c = add_region(L4_ROOT_IMAGE, (uint64_t)arch_ptr_frame(*page) << L4_PAGE_SHIFT, L4_PAGE_SIZE,
                   RAM_RIGHTS);
    map_now(c, va, attr);
    return c;
}

static void fill_info(void)
{
    info->magic = L4_BOOTINFO_MAGIC;
    info->version = L4_BOOTINFO_VERSION;
    info->size = sizeof(*info);
    info->cpus = boot_info.cpus;
    info->slot_first_free = L4_ROOT_FIRST_REGION + info->region_count;
    info->slot_count = init_space->slot_count;
    info->timer_hz = arch_counter_hz();
    info->uart = boot_info.uart;
    info->uart_irq = boot_info.uart_irq;
    info->fit_size = (uint32_t)boot_info.fit.size;
    info->dtb_size = (uint32_t)boot_info.dtb.size;
    info->semihosting = boot_info.semihosting;
}

static void init_cpu(struct cpu *cpu)
{
    cpu->top_ready = -1;
    cpu->budget_deadline = UINT64_MAX;
    cpu->timer_deadline = UINT64_MAX;
    for (uint32_t i = 0; i < L4_PRIORITIES; i++) {
        list_init(&cpu->queues.queue[i]);
    }
}

struct thread *boot_start(void)
{
    const struct l4_bootinfo *b = &boot_info;
    struct object *pool_root = &roots[L4_ROOT_REGIONS - 1];
    struct thread *t;
    struct cap *buffer;
    void *page;

    if (b->magic != L4_BOOTINFO_MAGIC || b->version != L4_BOOTINFO_VERSION) {
        panic("boot information of another version");
    }
    init_cpu(this_cpu());
    trace(TRACE_BOOT, 0, 0);
    region_root_init(pool_root, &pool_slot, (frame_t)(b->pool.base >> L4_PAGE_SHIFT),
                     (uint32_t)(b->pool.size >> L4_PAGE_SHIFT), false, RAM_RIGHTS);
    kassert(aspace_create(&pool_slot, INIT_SLOTS, 0, &init_space) == L4_OK);
    kassert(thread_create(init_space, L4_THREAD_NATIVE, &t) == L4_OK);
    cap_init_original(init_slot(L4_ROOT_ASPACE), &init_space->object, L4_RIGHT_ALL);
    cap_init_original(init_slot(L4_ROOT_THREAD), &t->object, L4_RIGHT_ALL);
    object_init(&system_object, L4_TYPE_SYSTEM, NULL, 0);
    cap_init_original(init_slot(L4_ROOT_SYSTEM), &system_object, L4_RIGHT_ALL);

    info = pool_alloc(&init_space->pool, POOL_PAGE);
    kassert(info != NULL);
    add_memory();
    add_devices();
    map_now(add_region(L4_ROOT_IMAGE, (uint64_t)arch_ptr_frame(info) << L4_PAGE_SHIFT, L4_PAGE_SIZE,
                       L4_RIGHT_READ | L4_RIGHT_INFO),
            L4_ROOTINFO_VA, L4_MAP_READ);
    buffer = add_page(L4_ROOT_MSGBUF_VA, L4_MAP_READ | L4_MAP_WRITE, &page);
    kassert(region_share(buffer, 0, 1, L4_RIGHT_READ | L4_RIGHT_WRITE, &t->buffer_cap) == L4_OK);
    t->buffer_cap.flags |= CAP_BUFFER;
    t->buffer = page;
    fill_info();

    t->base_priority = INIT_PRIORITY;
    t->priority = INIT_PRIORITY;
    t->ceiling = L4_PRIORITIES - 1;
    arch_frame_start(t, b->init_entry, b->init_stack_top, L4_ROOTINFO_VA, L4_ROOT_MSGBUF_VA);
    thread_resume(t);
    kprintf("[kernel] Pecan: %u CPU, %u RAM ranges, init at 0x%x\n", (unsigned)b->cpus,
            (unsigned)b->ram_count, (unsigned)b->init_entry);
    return sched_choose();
}
