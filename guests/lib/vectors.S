/*
 * Exception vectors and the assembler half of trap.h. Faults unwind to the last
 * trap_try(); interrupts run their hook in SVC mode on the SVC stack (SRS/RFE, so
 * that hooks may nest); SVC is how call_in_mode() comes back from any mode.
 */
    .syntax unified
    .arch armv7ve
    .arm

    .section .text.vectors, "ax"
    .global guest_vectors
    .weak guest_vectors
    .balign 32
guest_vectors:
    b       .
    b       vector_undefined
    b       vector_svc
    b       vector_prefetch_abort
    b       vector_data_abort
    b       .
    b       vector_irq
    b       vector_fiq

/* Keeps r0..r12, the kind, the faulting pc and SPSR; trap.c reads the syndrome. */
    .macro  fault kind
    ldr     sp, =trap_last
    stmia   sp, {r0-r12}
    mov     r0, #\kind
    mov     r1, lr
    mrs     r2, spsr
    .endm

    .global vector_undefined
vector_undefined:
    fault   1
    ldr     sp, =__stack_und
    b       fault_common
    .global vector_prefetch_abort
vector_prefetch_abort:
    fault   3
    ldr     sp, =__stack_abt
    b       fault_common
    .global vector_data_abort
vector_data_abort:
    fault   4
    ldr     sp, =__stack_abt
fault_common:
    /* r8..r12 above are FIQ's own only when FIQ was interrupted: its copies are
     * banked away by now. trap_record() does not need them. */
    clrex
    bl      trap_record                 @ (kind, lr, spsr); does not return without trap_try
    ldr     r4, =trap_context
    ldr     r4, [r4]
    ldr     r6, [r4, #4]                @ the CPSR of trap_try's caller
    msr     cpsr_cxsf, r6
    mov     r0, #1
    b       trap_unwind
    .ltorg

/* bool trap_try(void (*fn)(void *), void *arg) */
    .text
    .global trap_try
trap_try:
    push    {r3-r11, lr}
    ldr     r4, =trap_context
    ldr     r5, [r4]
    mrs     r6, cpsr
    push    {r5, r6}
    str     sp, [r4]
    mov     r2, r0
    mov     r0, r1
    blx     r2
    mov     r0, #0
trap_unwind:
    ldr     r4, =trap_context
    ldr     sp, [r4]
    pop     {r5, r6}
    str     r5, [r4]
    msr     cpsr_cxsf, r6
    pop     {r3-r11, pc}
    .ltorg

    .macro  interrupt hook
    sub     lr, lr, #4
    srsdb   sp!, #0x13
    cps     #0x13
    push    {r0-r3, r12, lr}
    and     r1, sp, #4
    sub     sp, sp, r1
    push    {r1, r2}
    ldr     r0, =\hook
    ldr     r0, [r0]
    cmp     r0, #0
    blne    interrupt_call
    pop     {r1, r2}
    add     sp, sp, r1
    pop     {r0-r3, r12, lr}
    rfeia   sp!
    .endm

vector_irq:
    interrupt trap_irq
vector_fiq:
    interrupt trap_fiq
interrupt_call:
    bx      r0
    .ltorg

/*
 * uint32_t call_in_mode(uint32_t mode, uint32_t (*fn)(uint32_t), uint32_t arg)
 * r4 keeps the caller's CPSR: no mode banks it and fn preserves it.
 */
    .global call_in_mode
call_in_mode:
    push    {r3-r11, lr}
    mrs     r4, cpsr
    ldr     r12, =call_context
    ldr     r5, [r12]
    push    {r4, r5}
    str     sp, [r12]
    mov     r3, r0
    mov     r0, r2
    mov     r2, r1
    bic     r1, r4, #0x1f
    /* USR takes its stack from SYS, which can still write it and leave. */
    orr     r12, r1, #0x1f
    msr     cpsr_c, r12
    ldr     r12, =__stack_mode
    mov     sp, r12
    orr     r1, r1, r3
    msr     cpsr_c, r1
    cmp     r3, #0x10
    ldrne   sp, =__stack_mode
    blx     r2
    svc     #0
    .ltorg

/* Back into the call_in_mode() that is under way, its stacks restored. */
vector_svc:
    ldr     r12, =call_context
    ldr     sp, [r12]
    ldmia   sp, {r4, r5}
    str     r5, [r12]
    mov     r6, r0
    cps     #0x1b
    ldr     sp, =__stack_und
    cps     #0x17
    ldr     sp, =__stack_abt
    cps     #0x12
    ldr     sp, =__stack_irq
    cps     #0x11
    ldr     sp, =__stack_fiq
    cps     #0x13
    mov     r0, r6
    msr     cpsr_cxsf, r4
    add     sp, sp, #8
    pop     {r3-r11, pc}
    .ltorg

    .bss
    .balign 4
    .global trap_context
trap_context:
    .space  4
call_context:
    .space  4
