/* Bytes and clocks shared by the generator and the floor. */
#pragma once

#include <stdint.h>
#include <string.h>
#include <time.h>

#define SECOND_NS 1000000000LL
#define MAX_DATAGRAM 1536
#define RTP_HEADER 12
/* Every payload carries the time of sending here: behind a VP8 payload descriptor of 4 bytes and the 10 bytes
 * that begin a keyframe, so that a server that looks for keyframes finds what it expects. */
#define STAMP_OFFSET 16
#define STAMP_MAGIC ((uint64_t)0x544f4e474b45) /* 48 bits; the 16 below say which kind of track */
#define STAMP_SIZE 16

static inline int64_t clock_ns(clockid_t clock) {
    struct timespec now;
    clock_gettime(clock, &now);
    return now.tv_sec * SECOND_NS + now.tv_nsec;
}

static inline void put16(uint8_t *at, uint16_t value) {
    at[0] = (uint8_t)(value >> 8);
    at[1] = (uint8_t)value;
}

static inline void put32(uint8_t *at, uint32_t value) {
    put16(at, (uint16_t)(value >> 16));
    put16(at + 2, (uint16_t)value);
}

static inline uint16_t get16(const uint8_t *at) { return (uint16_t)(at[0] << 8 | at[1]); }

static inline uint32_t get32(const uint8_t *at) { return (uint32_t)get16(at) << 16 | get16(at + 2); }

static inline void put_stamp(uint8_t *payload, int kind, int64_t now_ns) {
    uint64_t magic = STAMP_MAGIC << 16 | (uint64_t)kind;
    memcpy(payload + STAMP_OFFSET, &magic, 8);
    memcpy(payload + STAMP_OFFSET + 8, &now_ns, 8);
}

/* The kind of track, or -1 where there is no stamp. */
static inline int get_stamp(const uint8_t *payload, int size, int64_t *sent_ns) {
    uint64_t magic;
    if (size < STAMP_OFFSET + STAMP_SIZE) return -1;
    memcpy(&magic, payload + STAMP_OFFSET, 8);
    memcpy(sent_ns, payload + STAMP_OFFSET + 8, 8);
    return magic >> 16 == STAMP_MAGIC ? (int)(magic & 0xffff) : -1;
}
