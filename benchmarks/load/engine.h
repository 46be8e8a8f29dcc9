/* The load generator: many WHIP and WHEP peers in one thread, after their set-up.
 *
 * Python does ICE and DTLS, then hands over a connected socket and two SRTP contexts per peer. One thread
 * (`engine_run`) sends the publishers' packets on time, reads every socket about every 10 ms, and keeps the
 * sessions alive with STUN checks and receiver reports. A late reader costs nothing but its own time: delays are
 * taken from the kernel's receive time stamps. Nobody sleeps on a subscriber's socket, so the server is not
 * charged for waking its receivers, which on a real network would sit on other machines.
 */
#pragma once

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "srtp.h"
#include "wire.h"

#define MAX_PEERS 8192
#define MAX_TRACKS 2
#define MAX_STREAMS 12
#define MAX_SAMPLES (1 << 20)
#define MAX_CONTROL 256
#define MAX_STUN 256
#define SEND_BATCH 64
#define SWEEP_NS (10 * 1000000LL)
#define TICK_NS 1000000LL
#define CHECK_NS (2500 * 1000000LL)
#define REPORT_NS SECOND_NS

/* What a track sends, over and over; the memory stays the caller's. */
struct track_spec {
    const uint8_t *payloads;        /* all payloads, one behind the other */
    const uint32_t *sizes;          /* of each packet's payload */
    const uint32_t *packets;        /* of each frame; their sum is the length of `sizes` */
    uint32_t frames;                /* frame 0 is a keyframe */
    uint32_t ssrc, clock_rate;
    int64_t frame_ns;               /* from one frame to the next */
    int64_t start_ns;               /* monotonic */
    uint8_t payload_type, kind;     /* kind: 0 picture, 1 sound */
    uint8_t send_time_id, level_id; /* header extensions (RFC 8285), 0 for none */
    uint8_t picture_id;             /* write a 15-bit VP8 picture id at payload offset 2 */
    uint8_t stamped;                /* write the time of sending at STAMP_OFFSET */
};

struct track {
    struct track_spec spec;
    const uint8_t *payload;
    uint32_t size_index, frame, packet, sent, octets;
    uint32_t frame_count;
    uint16_t sequence;
    int64_t frame_start_ns;
    int64_t report_ns;
    bool running, keyframe_wanted;
};

struct stream {
    uint32_t ssrc;
    int64_t base, highest; /* extended sequence numbers: before the first packet, and the latest */
    uint64_t packets;
};

struct peer {
    bool used;
    int fd;
    void *inbound, *outbound;
    uint8_t stun[MAX_STUN];
    int stun_size;
    int64_t check_ns, report_ns;
    int64_t first_ns, last_ns; /* kernel receive time of the first and latest RTP packet */
    int track_count, stream_count;
    struct track tracks[MAX_TRACKS];
    struct stream streams[MAX_STREAMS];
};

struct sample {
    int32_t delay_ns; /* capped at two seconds */
    uint16_t peer;
    uint16_t kind;
};

struct control {
    int32_t peer, size;
    uint8_t data[MAX_DATAGRAM];
};

/* Since the engine was made. */
struct totals {
    uint64_t sent, sent_bytes, send_failed, skipped;
    uint64_t received, received_bytes, expected, duplicates, resets, unknown, dropped, asked_again;
    uint64_t rtcp_received, keyframe_requests, nacks, checks_answered;
    uint64_t samples_lost, control_lost, undecryptable;
    int64_t cpu_ns;      /* of the engine's thread */
    int64_t late_max_ns; /* how late a packet left at worst */
};

struct engine {
    struct srtp_api srtp;
    struct peer *peers[MAX_PEERS];
    int peer_end; /* one past the highest peer in use */
    int cursor;
    int64_t swept_ns;
    atomic_bool stop;
    bool burst;
    uint32_t loss; /* of 2^32: packets that publishers do not send, and receivers ask for again */
    uint32_t random;
    pthread_mutex_t lock;
    struct totals totals;
    uint64_t past_received, past_expected; /* of peers that left */
    struct sample *samples;
    int sample_count;
    struct control *control;
    int control_count;
};

/* engine.c has what Python calls. */
/* Whether the next packet is one of those that get lost. xorshift32: the same packets in every run. */
static inline bool is_lost(struct engine *engine) {
    if (engine->loss == 0) return false;
    engine->random ^= engine->random << 13;
    engine->random ^= engine->random >> 17;
    engine->random ^= engine->random << 5;
    return engine->random < engine->loss;
}

/* receive.c */
void peer_receive(struct engine *engine, int id);
/* send.c: packets that are due; returns when the next one is (INT64_MAX for never). */
int64_t tracks_send(struct engine *engine, struct peer *peer, int64_t now_ns);
/* control.c */
void peer_keep_alive(struct engine *engine, struct peer *peer, int64_t now_ns);
void peer_ask_again(struct engine *engine, struct peer *peer, uint32_t ssrc, uint16_t sequence);
void peer_rtcp(struct engine *engine, struct peer *peer, uint8_t *data, int size);
