/*
 * Memory regions: physically contiguous ranges. An original region may be split (its children are
 * disjoint originals, wiped when handed out) or shared (children that may be mapped); it can be
 * donated as kernel memory only while nothing is derived from it and it is not mapped. So memory is
 * never kernel-owned and mapped at once.
 */
#ifndef KERNEL_REGION_H
#define KERNEL_REGION_H

#include <kernel/cap.h>

/* A new root range; `slot` gets its original capability. The object is static or in a pool. */
void region_root_init(struct object *root, struct cap *slot, frame_t frame, uint32_t frames,
                      bool device, uint8_t rights);

/* Clears in bounded steps; the progress is kept in src. */
int region_split(struct cap *src, uint32_t frames, uint32_t align_frames,
                 struct cap *dst) L4_MUST_CHECK;
l4_status_t region_share(struct cap *src, uint32_t offset_frames, uint32_t frames, uint8_t rights,
                         struct cap *dst) L4_MUST_CHECK;

#endif
