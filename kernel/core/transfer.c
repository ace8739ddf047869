/*
 * The part of a message that does not fit the registers: buffer words, capabilities and memory.
 * All items or none; sizes are bounded, so that a transfer needs no preemption point.
 */
#include <arch/cpu.h>
#include <kernel/aspace.h>
#include <kernel/region.h>
#include <kernel/transfer.h>

/* A mapped item is at most what one step of the port maps. */
#define ITEM_MAP_FRAMES 32u

static l4_status_t item_source(struct thread *from, const struct l4_item *item, struct cap **out)
{
    struct cap *c = aspace_slot(from->aspace, item->cap);

    if (c == NULL || c->type == L4_TYPE_NULL) {
        return L4_ERR_TRANSFER;
    }
    if ((c->rights & L4_RIGHT_COPY) == 0) {
        return L4_ERR_TRANSFER;
    }
    *out = c;
    return L4_OK;
}

/* Shares a region with the receiver and maps it in its window. */
static l4_status_t give_mapping(struct thread *to, const struct l4_item *item, struct cap *src,
                                struct cap *dst, uint32_t *window_used)
{
    const struct l4_msgbuf *offer = to->buffer;
    uint32_t va = offer->window_base + *window_used;
    uint32_t room = offer->window_size - *window_used;
    uint32_t frames = item->size >> L4_PAGE_SHIFT;
    int r;

    if (src->type != L4_TYPE_REGION || ((item->offset | item->size) & (L4_PAGE_SIZE - 1)) != 0 ||
        frames == 0 || frames > ITEM_MAP_FRAMES || item->size > room ||
        *window_used > offer->window_size) {
        return L4_ERR_TRANSFER;
    }
    if (region_share(src, item->offset >> L4_PAGE_SHIFT, frames,
                     item->rights | L4_RIGHT_INFO | L4_RIGHT_COPY, dst) != L4_OK) {
        return L4_ERR_TRANSFER;
    }
    do {
        r = aspace_map(to->aspace, dst, va,
                       item->rights & (L4_MAP_READ | L4_MAP_WRITE | L4_MAP_EXEC));
    } while (r == KERNEL_PREEMPTED); /* two steps at most */
    if (r != L4_OK) {
        cap_clear(dst);
        return L4_ERR_TRANSFER;
    }
    *window_used += item->size;
    return L4_OK;
}

/* One item: what it was, and between which slots. */
struct gift {
    struct cap *src, *dst;
    uint8_t kind;
};

static l4_status_t give_item(struct thread *from, struct thread *to, uint32_t index,
                             uint32_t *window_used, struct gift *gift)
{
    struct l4_item item = from->buffer->item[index]; /* private copy: checked once */
    l4_cap_t slot = to->buffer->slot[index];
    struct l4_item *seen = &to->buffer->item[index];
    l4_status_t status = item_source(from, &item, &gift->src);

    if (status != L4_OK) {
        return status;
    }
    if (cap_free_slot(to->aspace, slot, &gift->dst) != L4_OK) {
        return L4_ERR_TRANSFER;
    }
    gift->kind = item.kind;
    switch (item.kind) {
    case L4_ITEM_COPY:
        status = cap_copy(gift->dst, gift->src, item.rights, 0);
        break;
    case L4_ITEM_MOVE:
        status = cap_move(gift->dst, gift->src);
        break;
    case L4_ITEM_MAP:
        status = give_mapping(to, &item, gift->src, gift->dst, window_used);
        seen->offset = to->buffer->window_base + *window_used - item.size;
        seen->size = item.size;
        break;
    default:
        status = L4_ERR_TRANSFER;
        break;
    }
    if (status != L4_OK) {
        return L4_ERR_TRANSFER;
    }
    seen->cap = slot;
    seen->kind = item.kind;
    seen->rights = gift->dst->rights;
    return L4_OK;
}

/* The receiver's slots are as they were. */
static void take_back(const struct gift *gift)
{
    if (gift->kind == L4_ITEM_MOVE) {
        kassert(cap_move(gift->src, gift->dst) == L4_OK);
        return;
    }
    if (gift->kind == L4_ITEM_MAP) {
        while (aspace_unmap(gift->dst) == KERNEL_PREEMPTED) {
            /* two steps at most */
        }
    }
    cap_clear(gift->dst);
}

l4_status_t transfer_extra(struct thread *from, struct thread *to, uint32_t tag, bool grant)
{
    uint32_t words = l4_tag_words(tag);
    uint32_t items = l4_tag_items(tag);
    uint32_t window_used = 0;
    struct gift gift[L4_MSG_ITEMS];

    if (words > L4_MSG_WORDS || items > L4_MSG_ITEMS || from->buffer == NULL ||
        to->buffer == NULL || (items != 0 && !grant)) {
        return L4_ERR_TRANSFER;
    }
    for (uint32_t i = 0; i < items; i++) {
        l4_status_t status = give_item(from, to, i, &window_used, &gift[i]);

        if (status != L4_OK) {
            while (i > 0) {
                take_back(&gift[--i]);
            }
            return status;
        }
    }
    arch_copy_words(to->buffer->word, from->buffer->word, words);
    return L4_OK;
}
