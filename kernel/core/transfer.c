/*
 * The part of a message that does not fit the registers: buffer words, capabilities and memory.
 * All items or none; sizes are bounded, so that the transfer itself needs no preemption point.
 */
#include <arch/cpu.h>
#include <kernel/aspace.h>
#include <kernel/region.h>
#include <kernel/transfer.h>

/* One mapped item a message, of so many pages at most. */
#define MAP_FRAMES 16u

static l4_status_t item_source(struct thread *from, const struct l4_item *item, struct cap **out)
{
    struct cap *c = aspace_slot(from->aspace, item->cap);

    if (c->type == L4_TYPE_NULL) {
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
                                struct cap *dst, bool *mapped)
{
    const struct l4_msgbuf *offer = to->buffer;
    uint32_t frames = item->size >> L4_PAGE_SHIFT;
    int r;

    if (src->type != L4_TYPE_REGION || ((item->offset | item->size) & (L4_PAGE_SIZE - 1)) != 0 ||
        frames == 0 || frames > MAP_FRAMES || item->size > offer->window_size || *mapped) {
        return L4_ERR_TRANSFER;
    }
    if (region_share(src, item->offset >> L4_PAGE_SHIFT, frames,
                     item->rights | L4_RIGHT_INFO | L4_RIGHT_COPY, dst) != L4_OK) {
        return L4_ERR_TRANSFER;
    }
    do {
        r = aspace_map(to->aspace, dst, offer->window_base,
                       item->rights & (L4_MAP_READ | L4_MAP_WRITE | L4_MAP_EXEC));
    } while (r == KERNEL_PREEMPTED); /* two steps at most */
    if (r != L4_OK) {
        cap_clear(dst);
        return L4_ERR_TRANSFER;
    }
    *mapped = true;
    return L4_OK;
}

/* One item: what it was, and between which slots. */
struct gift {
    struct cap *src, *dst;
    uint8_t kind;
};

static l4_status_t give_item(struct thread *from, struct thread *to, uint32_t index, bool *mapped,
                             struct gift *gift)
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
        status = give_mapping(to, &item, gift->src, gift->dst, mapped);
        seen->offset = to->buffer->window_base;
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

/* The slots that the receiver offers are there and free. Their table pages may have to be made:
 * that is done one at a time, so that the transfer itself is short. */
static int find_slots(struct thread *to, uint32_t items)
{
    for (uint32_t i = 0; i < items; i++) {
        l4_cap_t index = to->buffer->slot[i];
        bool made = !aspace_has_page(to->aspace, index);
        struct cap *slot;

        if (cap_free_slot(to->aspace, index, &slot) != L4_OK) {
            return L4_ERR_TRANSFER;
        }
        if (made && arch_irq_pending()) { /* each restart gets further */
            return KERNEL_PREEMPTED;
        }
    }
    return L4_OK;
}

int transfer_extra(struct thread *from, struct thread *to, uint32_t tag, bool grant)
{
    uint32_t words = l4_tag_words(tag);
    uint32_t items = l4_tag_items(tag);
    bool mapped = false;
    struct gift gift[L4_MSG_ITEMS];
    int r;

    if (words > L4_MSG_WORDS || items > L4_MSG_ITEMS || from->buffer == NULL ||
        to->buffer == NULL || (items != 0 && !grant)) {
        return L4_ERR_TRANSFER;
    }
    r = find_slots(to, items);
    if (r != L4_OK) {
        return r;
    }
    for (uint32_t i = 0; i < items; i++) {
        l4_status_t status = give_item(from, to, i, &mapped, &gift[i]);

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
