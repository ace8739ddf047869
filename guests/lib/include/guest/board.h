/*
 * The virtual machine that our guests run in: QEMU's `virt` machine, natively
 * or as Pecan's VMM presents it (docs: the virtual machine a guest sees).
 * Addresses and interrupt numbers only; nothing here has state.
 */
#ifndef GUEST_BOARD_H
#define GUEST_BOARD_H

#define RAM_BASE 0x40000000u
#define GICD_BASE 0x08000000u
#define GICC_BASE 0x08010000u
#define UART_BASE 0x09000000u
#define RTC_BASE 0x09010000u
#define VIRTIO_BASE 0x0a000000u
#define CHANNEL_BASE 0x0b000000u /* 2 MiB of nothing but channels */

/* Interrupt identifiers (INTID): PPIs are 16..31, SPI n is 32 + n. */
#define INTID_VTIMER 27u
#define INTID_PTIMER 30u
#define INTID_UART 33u
#define INTID_RTC 34u

/* Nothing answers here, natively or under Pecan. */
#define HOLE_LOW 0x0b800000u
#define HOLE_HIGH 0xf0000000u

#endif
