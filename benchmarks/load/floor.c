/* The floor: what it costs at least to encrypt packets for many receivers and hand them to the kernel.
 *
 * No receiving, no ICE, no RTCP, no tables: each packet is copied, given the receiver's SSRC and sequence number,
 * protected, and all copies leave with one sendmmsg per batch. With `segments`, the packets of one burst to one
 * receiver leave as one UDP_SEGMENT message.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "srtp.h"
#include "wire.h"

#define MAX_BURST 16
#define BATCH 1024 /* UIO_MAXIOV: the most that one sendmmsg takes */
#define TAG 16     /* AES-GCM adds exactly so much (RFC 7714) */
#ifndef UDP_SEGMENT
#define UDP_SEGMENT 103
#endif

struct receiver {
    struct sockaddr_in address;
    void *context;
    uint32_t ssrc;
};

struct floor_plan {
    uint32_t picture_size, sound_size;      /* bytes of RTP before protection */
    uint32_t burst;                         /* packets of a picture frame; 1 is evenly spaced */
    int64_t picture_ns, sound_ns;           /* from one burst to the next */
    int32_t segments;                       /* use UDP_SEGMENT */
};

struct floor_counts {
    uint64_t packets, messages, calls, refused;
    uint16_t picture_sequence, sound_sequence; /* go on where the last run ended: SRTP refuses repeated numbers */
};

static struct mmsghdr messages[BATCH];
static struct iovec parts[BATCH];
static uint8_t ancillary[BATCH][CMSG_SPACE(sizeof(uint16_t))];
static _Alignas(64) uint8_t memory[BATCH * MAX_DATAGRAM];
static size_t used; /* bytes of memory */
static int pending;

static void flush(int fd, struct floor_counts *counts) {
    for (int done = 0; done < pending;) {
        int sent = sendmmsg(fd, messages + done, (unsigned)(pending - done), 0);
        counts->calls++;
        if (sent <= 0) {
            counts->refused++;
            sent = 1;
        }
        done += sent;
    }
    counts->messages += (uint64_t)pending;
    pending = 0;
    used = 0;
}

static void add(int fd, struct receiver *to, size_t size, size_t segment, struct floor_counts *counts) {
    parts[pending] = (struct iovec){memory + used, size};
    struct msghdr *message = &messages[pending].msg_hdr;
    *message = (struct msghdr){
        .msg_name = &to->address, .msg_namelen = sizeof to->address, .msg_iov = &parts[pending], .msg_iovlen = 1};
    if (segment) {
        uint16_t length = (uint16_t)segment;
        message->msg_control = ancillary[pending];
        message->msg_controllen = sizeof ancillary[pending];
        struct cmsghdr *part = CMSG_FIRSTHDR(message);
        part->cmsg_level = SOL_UDP;
        part->cmsg_type = UDP_SEGMENT;
        part->cmsg_len = CMSG_LEN(sizeof length);
        memcpy(CMSG_DATA(part), &length, sizeof length);
    }
    used += size;
    if (++pending == BATCH || used + MAX_BURST * MAX_DATAGRAM > sizeof memory) flush(fd, counts);
}

/* `count` packets of `size` bytes to everybody. */
static void send_burst(const struct srtp_api *srtp, int fd, struct receiver *receivers, int receiver_count, int kind,
                       uint32_t count, uint32_t size, uint16_t sequence, int segments, struct floor_counts *counts) {
    static _Alignas(64) uint8_t packets[MAX_BURST][MAX_DATAGRAM];
    int64_t now = clock_ns(CLOCK_REALTIME);
    for (uint32_t index = 0; index < count; index++) {
        uint8_t *packet = packets[index];
        packet[0] = 0x80;
        packet[1] = kind == 0 ? 96 : 111;
        put16(packet + 2, (uint16_t)(sequence + index));
        put32(packet + 4, (uint32_t)(now / 11111));
        put_stamp(packet + RTP_HEADER, kind, now);
    }
    size_t stride = size + TAG;
    for (int id = 0; id < receiver_count; id++) {
        for (uint32_t index = 0; index < count; index++) {
            uint8_t *at = memory + used + (segments ? index * stride : 0);
            int length = (int)size;
            memcpy(at, packets[index], size);
            put32(at + 8, receivers[id].ssrc + (uint32_t)kind);
            srtp->protect(receivers[id].context, at, &length);
            if (!segments) add(fd, &receivers[id], (size_t)length, 0, counts);
        }
        if (segments) add(fd, &receivers[id], count * stride, count > 1 ? stride : 0, counts);
    }
    flush(fd, counts);
    counts->packets += (uint64_t)count * (uint64_t)receiver_count;
}

/* Sends until `*stop`. 0, or -1 when the plan does not fit. */
int floor_run(const struct srtp_api *srtp, int fd, struct receiver *receivers, int receiver_count,
              const struct floor_plan *plan, atomic_int *stop, struct floor_counts *counts) {
    int64_t picture = clock_ns(CLOCK_MONOTONIC), sound = picture + plan->picture_ns / 2;
    if (plan->burst > MAX_BURST || plan->picture_size + TAG > MAX_DATAGRAM) return -1;
    while (!atomic_load(stop)) {
        int64_t next = picture < sound ? picture : sound;
        struct timespec until = {next / SECOND_NS, next % SECOND_NS};
        while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL) == EINTR) continue;
        if (next == picture) {
            send_burst(srtp, fd, receivers, receiver_count, 0, plan->burst, plan->picture_size,
                       counts->picture_sequence, plan->segments, counts);
            counts->picture_sequence = (uint16_t)(counts->picture_sequence + plan->burst);
            picture += plan->picture_ns;
        } else {
            send_burst(srtp, fd, receivers, receiver_count, 1, 1, plan->sound_size,
                       counts->sound_sequence++, plan->segments, counts);
            sound += plan->sound_ns;
        }
    }
    return 0;
}
