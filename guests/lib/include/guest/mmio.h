/*
 * Device accesses of one fixed width. Inline assembler keeps the compiler from
 * choosing write-back, paired or multiple forms, which carry no syndrome into a
 * hypervisor (ARM ARM B3.13.6): tests that want those write them out.
 */
#ifndef GUEST_MMIO_H
#define GUEST_MMIO_H

#include <stdint.h>

static inline uint32_t mmio_read32(uintptr_t addr)
{
    uint32_t value;

    __asm__ volatile("ldr %0, [%1]" : "=r"(value) : "r"(addr) : "memory");
    return value;
}

static inline uint16_t mmio_read16(uintptr_t addr)
{
    uint32_t value;

    __asm__ volatile("ldrh %0, [%1]" : "=r"(value) : "r"(addr) : "memory");
    return (uint16_t)value;
}

static inline uint8_t mmio_read8(uintptr_t addr)
{
    uint32_t value;

    __asm__ volatile("ldrb %0, [%1]" : "=r"(value) : "r"(addr) : "memory");
    return (uint8_t)value;
}

static inline void mmio_write32(uintptr_t addr, uint32_t value)
{
    __asm__ volatile("str %0, [%1]" : : "r"(value), "r"(addr) : "memory");
}

static inline void mmio_write16(uintptr_t addr, uint16_t value)
{
    __asm__ volatile("strh %0, [%1]" : : "r"((uint32_t)value), "r"(addr) : "memory");
}

static inline void mmio_write8(uintptr_t addr, uint8_t value)
{
    __asm__ volatile("strb %0, [%1]" : : "r"((uint32_t)value), "r"(addr) : "memory");
}

#endif
