/*
 * Memory regions. See region.h for what an original may do and a share may not.
 */
#include <arch/cpu.h>
#include <kernel/region.h>

void region_root_init(struct object *root, struct cap *slot, frame_t frame, uint32_t frames,
                      bool device, uint8_t rights)
{
    object_init(root, L4_TYPE_REGION, NULL, 0);
    cap_init_original(slot, root, rights);
    slot->flags = device ? CAP_DEVICE : CAP_ORIGINAL;
    slot->frame = frame;
    slot->frames = frames;
}

int region_split(struct cap *src, uint32_t frames, uint32_t align_frames, struct cap *dst)
{
    frame_t start = (src->frame + src->watermark + align_frames - 1) & ~(align_frames - 1);
    uint32_t offset = start - src->frame;
    l4_status_t status;

    if ((src->flags & CAP_ORIGINAL) == 0) {
        return L4_ERR_RIGHTS;
    }
    if ((src->flags & CAP_MAPPED) != 0) {
        return L4_ERR_BUSY;
    }
    if (src->watermark == 0 && cap_has_children(src)) {
        return L4_ERR_BUSY; /* shared as a whole */
    }
    if (frames == 0 || start < src->frame || offset > src->frames ||
        frames > src->frames - offset) {
        return L4_ERR_NO_MEMORY;
    }
    if (src->va != start) {
        src->va = start;
        src->progress = 0;
    }
    while (src->progress < frames) {
        arch_page_clear(arch_frame_ptr(start + src->progress));
        src->progress++;
        if (arch_irq_pending()) {
            return KERNEL_PREEMPTED;
        }
    }
    status = cap_derive(dst, src, L4_RIGHT_ALL, 0);
    if (status == L4_OK) {
        dst->flags = CAP_ORIGINAL;
        dst->frame = start;
        dst->frames = frames;
        src->watermark = offset + frames;
    }
    return status;
}

l4_status_t region_share(struct cap *src, uint32_t offset_frames, uint32_t frames, uint8_t rights,
                         struct cap *dst)
{
    l4_status_t status;

    if (offset_frames > src->frames || frames == 0 || frames > src->frames - offset_frames) {
        return L4_ERR_RANGE;
    }
    if (src->watermark != 0) {
        return L4_ERR_BUSY;
    }
    status = cap_derive(dst, src, rights, 0);
    if (status == L4_OK) {
        dst->frame = src->frame + offset_frames;
        dst->frames = frames;
    }
    return status;
}
