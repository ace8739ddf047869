/*
 * vCPUs: typed wrappers over VCPU. Exits and replies are in l4/abi/vcpu.h.
 */
#ifndef L4_VCPU_H
#define L4_VCPU_H

#include <stdbool.h>

#include <l4/abi/vcpu.h>
#include <l4/syscall.h>

#define L4_VCPU_VIRQ_WORDS 4u

struct l4_vcpu_virqs {
    uint32_t word[L4_VCPU_VIRQ_WORDS]; /* in flight; 0 = free */
    uint32_t timer_lines;              /* L4_TIMER_LINE_* */
    uint32_t slots;
};

/* Puts a virtual interrupt in flight. BUSY: no slot free; L4_EXIT_VIRQ follows when one is. */
L4_INLINE L4_MUST_CHECK l4_status_t l4_vcpu_inject(l4_cap_t vcpu, uint32_t virq)
{
    return l4_sys_vcpu_in(vcpu, L4_VCPU_INJECT, virq, 0);
}

/* Takes interrupt `number` out of flight; *virq is its word as it was. NOT_FOUND: not in flight. */
L4_INLINE L4_MUST_CHECK l4_status_t l4_vcpu_retract(l4_cap_t vcpu, uint32_t number, uint32_t *virq)
{
    struct l4_words words = {{vcpu, L4_VCPU_RETRACT, number, 0, 0, 0, 0, 0}};
    const l4_status_t status = l4_sys_vcpu(&words);
    *virq = words.r[1];
    return status;
}

L4_INLINE L4_MUST_CHECK l4_status_t l4_vcpu_virqs(l4_cap_t vcpu, struct l4_vcpu_virqs *virqs)
{
    struct l4_words words = {{vcpu, L4_VCPU_VIRQS, 0, 0, 0, 0, 0, 0}};
    const l4_status_t status = l4_sys_vcpu(&words);
    virqs->word[0] = words.r[1];
    virqs->word[1] = words.r[2];
    virqs->word[2] = words.r[3];
    virqs->word[3] = words.r[4];
    virqs->timer_lines = words.r[5];
    virqs->slots = words.r[6];
    return status;
}

/* The word that the timer's interrupt is injected with; 0: disabled. */
L4_INLINE L4_MUST_CHECK l4_status_t l4_vcpu_timer(l4_cap_t vcpu, enum l4_timer timer, uint32_t virq)
{
    return l4_sys_vcpu_in(vcpu, L4_VCPU_TIMER, timer, virq);
}

/* The guest's counter reads the board's minus `ticks`. */
L4_INLINE L4_MUST_CHECK l4_status_t l4_vcpu_time_offset(l4_cap_t vcpu, uint64_t ticks)
{
    return l4_sys_vcpu_in(vcpu, L4_VCPU_TIME_OFFSET, (uint32_t)ticks, (uint32_t)(ticks >> 32));
}

/* Guest virtual to guest physical, as the guest's own tables say. NOT_FOUND: *ipa is the fault
 * status in DFSR format. */
L4_INLINE L4_MUST_CHECK l4_status_t l4_vcpu_translate(l4_cap_t vcpu, uint32_t address, bool write,
                                                      bool unprivileged, uint32_t *ipa)
{
    struct l4_words words = {{vcpu, L4_VCPU_TRANSLATE, address, write, unprivileged, 0, 0, 0}};
    const l4_status_t status = l4_sys_vcpu(&words);
    *ipa = words.r[1];
    return status;
}

/* All registers to their architectural reset; the vCPU is stopped or in an exit. */
L4_INLINE L4_MUST_CHECK l4_status_t l4_vcpu_reset(l4_cap_t vcpu)
{
    return l4_sys_vcpu_in(vcpu, L4_VCPU_RESET, 0, 0);
}

#endif
