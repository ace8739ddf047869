#include <l4/base/range.h>
#include <l4/base/window.h>

void l4_window_init(struct l4_window *window, uint32_t base, uint32_t size)
{
    window->base = base;
    window->size = size;
    window->count = 0;
}

static void insert_at(struct l4_window *window, uint32_t index, uint32_t base, uint32_t size)
{
    for (uint32_t i = window->count; i > index; i--) {
        window->taken[i] = window->taken[i - 1];
    }
    window->taken[index].base = base;
    window->taken[index].size = size;
    window->count++;
}

l4_status_t l4_window_take(struct l4_window *window, uint32_t size, uint32_t align, uint32_t *base)
{
    if (size == 0) {
        return L4_ERR_INVALID;
    }
    if (window->count == L4_WINDOW_RANGES) {
        return L4_ERR_NO_MEMORY;
    }
    const uint64_t end = (uint64_t)window->base + window->size;
    uint64_t candidate = l4_align_up(window->base, align);
    uint32_t index = 0;
    while (index < window->count && candidate + size > window->taken[index].base) {
        const uint64_t taken_end = (uint64_t)window->taken[index].base + window->taken[index].size;
        candidate = l4_align_up(taken_end, align);
        index++;
    }
    if (!l4_range_fits(candidate, size, end)) {
        return L4_ERR_NO_MEMORY;
    }
    insert_at(window, index, (uint32_t)candidate, size);
    *base = (uint32_t)candidate;
    return L4_OK;
}

l4_status_t l4_window_take_at(struct l4_window *window, uint32_t base, uint32_t size)
{
    if (size == 0) {
        return L4_ERR_INVALID;
    }
    if (base < window->base || !l4_range_fits(base - window->base, size, window->size)) {
        return L4_ERR_RANGE;
    }
    if (window->count == L4_WINDOW_RANGES) {
        return L4_ERR_NO_MEMORY;
    }
    uint32_t index = 0;
    while (index < window->count && window->taken[index].base < base) {
        index++;
    }
    for (uint32_t i = index > 0 ? index - 1 : 0; i < window->count && i <= index; i++) {
        if (l4_range_overlaps(base, size, window->taken[i].base, window->taken[i].size)) {
            return L4_ERR_EXISTS;
        }
    }
    insert_at(window, index, base, size);
    return L4_OK;
}

l4_status_t l4_window_give(struct l4_window *window, uint32_t base)
{
    for (uint32_t i = 0; i < window->count; i++) {
        if (window->taken[i].base != base) {
            continue;
        }
        window->count--;
        for (; i < window->count; i++) {
            window->taken[i] = window->taken[i + 1];
        }
        return L4_OK;
    }
    return L4_ERR_NOT_FOUND;
}
