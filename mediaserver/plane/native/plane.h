/* The compiled packet plane: the tables and the steps of mediaserver/plane/forward.py and sender.py.
 *
 *   rtp.c      headers, extension elements, keyframe tests      (mediaserver/rtp)
 *   history.c  a stream's ring of packets                       (plane/history.py)
 *   arena.c    the memory those packets lie in
 *   table.c    ids and addresses to what they name
 *   receive.c  a datagram on its way into a history             (plane/forward.py)
 *   stun.c     consent checks                                   (mediaserver/rtp/stun.py)
 *   overuse.c  whether a publisher sends too much               (plane/overuse.py)
 *   route.c    from a history to the subscribers                (plane/sender.py)
 *   relay.c    from a history to its mirror on another plane    (plane/group.py says which)
 *   control.c  what control writes and reads                    (plane/forward.py, tables)
 *   loop.c     sockets, recvmmsg, sendmmsg, the thread          (plane/reference.py)
 *   module.h   Python's side of it, in four files
 *
 * Everything but loop.c, module*.c and the wake-up in relay.c is free of I/O. All of it runs under one lock: the thread
 * holds it for one batch, control for one call, so changes take effect between batches.
 */
#ifndef TONGKE_PLANE_H
#define TONGKE_PLANE_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MAX_DATAGRAM 2048       /* room for any datagram read; longer ones are seen as such */
#define MAX_PACKET 1500         /* the longest packet a history keeps; no datagram may be longer */
#define MAX_OUT 2048            /* a rewritten packet with its authentication tag */
#define MAX_TAG 148             /* what SRTCP may add, as libsrtp asks to keep free */
#define MAX_ELEMENTS 768        /* an element takes at least two bytes of a datagram */
#define MAX_PENDING 32          /* packets of one stream waiting for the end of the batch */
#define MAX_OUTBOX 64          /* packets protected before they are sent */
#define MAX_CONSTANTS 128       /* bytes of elements written into every packet of a route */
#define MAX_CNAME 64            /* ours are 16 characters */
#define MAX_USERNAME 64         /* of a consent check; peers with longer ones are answered by control */
#define MAX_PASSWORD 32
#define FIRST_INDEX 0x10000

#define COUNTERS(X) \
    X(rx_datagrams) X(rx_bytes) X(rx_stun) X(rx_consent) X(rx_dtls) X(rx_rtp) X(rx_rtcp) X(rx_reports) X(rx_rtx) \
    X(tx_datagrams) X(tx_bytes) X(tx_rtp) X(tx_rtx) X(tx_replayed) X(tx_rtcp) \
    X(tx_relayed) X(rx_relayed) X(switches) X(history_resets) \
    X(drop_empty) X(drop_too_long) X(drop_first_byte) X(drop_unknown_address) X(drop_malformed_rtp) \
    X(drop_malformed_rtcp) X(drop_srtp) X(drop_srtcp) X(drop_ssrc_limit) X(drop_unknown_ssrc) \
    X(drop_payload_type) X(drop_duplicate) X(drop_too_old) X(drop_rtx_padding) X(drop_rtx_unknown) \
    X(drop_gap_overflow) X(drop_no_payload_type) X(drop_waiting_keyframe) \
    X(drop_before_start) X(drop_nack_unknown) X(drop_send_full) X(drop_send_error) X(drop_protect) \
    X(drop_relay_full) X(drop_relay_stale) X(drop_event_overflow)

enum counter {
#define X(name) C_##name,
    COUNTERS(X)
#undef X
    N_COUNTERS
};

enum event_kind { E_STUN, E_DTLS, E_RTCP, E_GAP, E_KEYFRAME_WANTED, E_BOUND, E_STARTED };
enum codec { CODEC_OTHER, CODEC_VP8, CODEC_H264, CODEC_VP9, CODEC_AV1 };
enum put { PUT_NEW, PUT_DUPLICATE, PUT_TOO_OLD, PUT_RESET };

#define NO_PT 0xFF

/* ---- rtp.c */

struct header {
    bool marker;
    uint8_t payload_type;
    uint16_t sequence;
    uint32_t timestamp, ssrc;
    uint16_t extension, extension_length, profile; /* offset of the first element, bytes of all, RFC 8285 profile */
    uint16_t payload, end;                         /* the payload without padding */
};

struct element {
    uint8_t id, length;
    uint16_t offset;
};

bool parse_header(const uint8_t *data, size_t size, struct header *header);
/* Number of elements, or -1 when one is truncated. */
int parse_elements(const uint8_t *data, const struct header *header, struct element *elements);
bool is_keyframe(enum codec codec, const uint8_t *payload, size_t size);
int64_t extend(uint16_t sequence, int64_t near);
int32_t timestamp_delta(uint32_t later, uint32_t earlier);

/* µs as ticks of a clock; the product itself would overflow after three years of monotonic time. */
static inline int64_t ticks(int64_t us, int64_t clock_rate) {
    return us / 1000000 * clock_rate + us % 1000000 * clock_rate / 1000000;
}

static inline uint16_t read16(const uint8_t *p) { return (uint16_t)(p[0] << 8 | p[1]); }
static inline uint32_t read32(const uint8_t *p) {
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}
static inline void write16(uint8_t *p, uint16_t value) { p[0] = (uint8_t)(value >> 8), p[1] = (uint8_t)value; }
static inline void write32(uint8_t *p, uint32_t value) {
    write16(p, (uint16_t)(value >> 16)), write16(p + 2, (uint16_t)value);
}

/* ---- arena.c */

#define CHUNK ((size_t)16384) /* a dozen packets of video: few enough that losses seldom hold one */

struct chunk {
    uint32_t live; /* bytes in use; a chunk without any is free */
    int32_t next;  /* among the free ones */
};

struct arena {
    uint8_t *memory; /* the chunks; their table and whatever else was asked for lie behind them */
    size_t mapped;
    struct chunk *chunks;
    int32_t head, free, n_used, n_touched; /* head: the chunk being filled; -1 where there is none */
    uint32_t top;                          /* bytes of it that are filled */
    size_t live;
};

/* Maps memory for `n` blocks of at most `longest` bytes. Returns `more` bytes of zeros beside them, or NULL. */
uint8_t *arena_map(struct arena *arena, size_t n, size_t longest, size_t more);
void arena_unmap(struct arena *arena);
void arena_clear(struct arena *arena);
bool arena_fits(const struct arena *arena, size_t size);
/* Begin a new chunk, for a block that does not fit. Returns the chunk whose blocks have to move there first, or -1. */
int32_t arena_open(struct arena *arena);
int32_t arena_chunk(uint32_t place);
/* Where in `memory` the block lies, at a multiple of 8, until it is dropped. */
uint32_t arena_add(struct arena *arena, size_t size);
void arena_drop(struct arena *arena, uint32_t place, size_t size);

/* ---- history.c */

struct slot { /* what displacing needs to know, so that the old packet stays out of the cache */
    int64_t index; /* -1: empty */
    uint32_t place;
    uint16_t size;
};

struct kept { /* a packet in the arena */
    int64_t index, now_us;
    uint16_t size;
    uint8_t packet[];
};

struct gap {
    int64_t index, noticed_us;
};

struct history {
    struct arena arena; /* the slots and gaps lie in its mapping */
    struct slot *slots;
    int64_t mask, base, highest;
    struct gap *gaps; /* ascending */
    int n_gaps, max_gaps;
    int64_t gap_overflow, expected_before;
    bool restarting;
    int64_t keyframe, keyframe_timestamp, keyframe_us;
};

bool history_init(struct history *history, int size, int max_gaps);
void history_free(struct history *history);
int64_t history_index(const struct history *history, uint16_t sequence);
bool history_would_reset(const struct history *history, int64_t index);
enum put history_put(struct history *history, int64_t index, const uint8_t *packet, size_t size, int64_t now_us);
bool history_mark_keyframe(struct history *history, int64_t index, uint32_t timestamp, int64_t now_us);
void history_restart(struct history *history);
int64_t history_expected(const struct history *history);
int64_t history_oldest(const struct history *history);

static inline bool history_holds(const struct history *history, int64_t index) {
    return index >= 0 && history->slots[index & history->mask].index == index;
}
/* Valid until the next `history_put`, which may move packets that lie thinly. */
static inline const struct kept *history_get(const struct history *history, int64_t index) {
    if (!history_holds(history, index)) return NULL;
    return (const struct kept *)(history->arena.memory + history->slots[index & history->mask].place);
}

/* ---- table.c */

struct address {
    uint16_t socket, family, port; /* port in host order */
    uint16_t pad;
    uint32_t scope, flow;
    uint8_t ip[16];
};

struct table { /* open addressing; a key is 40 bytes at most and compared whole */
    size_t size, used;
    struct entry *entries;
};

void *table_get(const struct table *table, const void *key, size_t length);
bool table_set(struct table *table, const void *key, size_t length, void *value);
void table_remove(struct table *table, const void *key, size_t length);
void table_free(struct table *table);
/* Calls `visit` for every value. The table must not change meanwhile. */
void table_each(const struct table *table, void (*visit)(void *value, void *context), void *context);

struct list { /* of pointers, in the order they were added */
    void **items;
    int n, room;
};

bool list_add(struct list *list, void *item);
void list_remove(struct list *list, const void *item);

/* ---- overuse.c */

#define WINDOW_BUCKETS 64

struct window { /* the bytes of the last second, in buckets of 2^14 µs */
    uint32_t bytes[WINDOW_BUCKETS];
    int64_t total, newest, since_us;
};

struct packet_group { /* sent within 5 ms, or arrived in a burst */
    int64_t began_us, last_us;
    uint32_t first, last; /* abs-send-times */
};

struct overuse { /* of one transport; begins as zeros */
    int64_t overused_us, overused_rate; /* µs of the latest sign, 0: none; bit/s that came in then */
    struct packet_group before, group;
    bool has_before, has_group, normal, above;
    int deltas;
    double trend, trend_before, variance, jitter, threshold, above_ms;
    struct window window;
};

/* A packet that said when it was sent (24 bits). */
void overuse_add(struct overuse *path, int64_t now_us, uint32_t sent, uint32_t size);

/* ---- the tables' contents */

struct ssrc_entry {
    uint32_t ssrc;
    bool repairs;
    struct stream *stream;
};

struct consent { /* what a peer's checks have to say and to be signed with; no username: control answers them */
    uint8_t username[MAX_USERNAME], password[MAX_PASSWORD], username_length, password_length;
};

struct transport {
    int64_t id;
    struct address address;
    struct consent consent;
    int64_t consent_us; /* of the latest check answered here */
    void *inbound, *outbound; /* libsrtp contexts, owned by Python */
    struct list streams, routes; /* streams by ascending id */
    struct ssrc_entry *by_ssrc;
    int n_by_ssrc, room_by_ssrc;
    uint32_t *ssrcs; /* all that were ever authentic: libsrtp keeps a context for each */
    int n_ssrcs, room_ssrcs;
    int64_t last_us, rx_packets, rx_bytes, tx_packets, tx_bytes;
    int64_t estimate; /* bit/s, from REMB */
    struct overuse overuse;
};

struct stream {
    int64_t id;
    struct transport *transport; /* NULL for a mirror */
    struct history history;
    struct list routes;
    struct list relays; /* inboxes of the planes that have a mirror; each is a reference */
    bool has_keyframes, has_ssrc, has_rtx_ssrc, has_transit;
    uint32_t ssrc, rtx_ssrc, transit;
    int64_t clock_rate;
    uint8_t codecs[128];  /* enum codec, NO_PT where the payload type is not ours */
    uint8_t repairs[128]; /* RTX payload type → the one it repairs */
    uint8_t mid[32], mid_length, mid_extension, send_time_extension, level_extension;
    int64_t packets, bytes, keyframes, last_us, jitter_q4;
    int32_t level_q8;
    int64_t pending[MAX_PENDING]; /* indexes not forwarded yet, in the order of arrival */
    int64_t reach;                /* the highest index before them */
    int n_pending, max_pending;
};

struct route {
    int64_t id;
    struct transport *transport;
    struct stream *stream;
    uint32_t ssrc, rtx_ssrc;
    bool has_rtx_ssrc, started;
    uint8_t payload_types[128], rtx_payload_types[128], extensions[256];
    uint8_t constants[MAX_CONSTANTS]; /* id, length, value; and again */
    uint16_t n_constants;
    uint8_t send_time_extension, cname_length;
    char cname[MAX_CNAME];
    int64_t start, live, live_us; /* first index played, the newest one then, and when that was */
    int64_t sequence_offset, timestamp_offset;
    int64_t last_index, last_us;
    uint32_t last_timestamp;
    uint16_t rtx_sequence;
    uint32_t *retimed_from; /* time stamps of the pictures replayed, in their order … */
    int64_t *retimed_to;    /* … and those they were sent with */
    int n_retimed;
    int64_t packets, octets, retransmitted;
    uint32_t fraction_lost, jitter, lsr, dlsr; /* of the subscriber's latest report */
    int64_t reported_us;
};

struct event {
    enum event_kind kind;
    int64_t now_us, transport, stream, route;
    bool has_address;
    struct address address;
    size_t size;
    uint8_t *data;
};

struct out {
    struct address address;
    uint16_t size;
    uint8_t data[MAX_OUT] __attribute__((aligned(16)));
};

typedef int (*srtp_function)(void *context, void *packet, int *length);

struct settings {
    int video_history, audio_history, replay_max_packets;
    int64_t replay_max_age_us;
    int max_ssrcs, max_gaps, max_datagram, max_events, batch;
};

struct parsed {
    const uint8_t *data;
    size_t size;
    int64_t index, now_us;
    struct header header;
    int n_elements;
    struct element elements[MAX_ELEMENTS];
};

struct plane {
    struct settings settings;
    srtp_function protect, unprotect, protect_rtcp, unprotect_rtcp;
    struct table transports, streams, routes, by_address;
    int64_t count[N_COUNTERS];
    struct stream **touched; /* streams with pending packets */
    int n_touched, room_touched;
    struct event *events;
    int n_events, room_events;
    bool urgent; /* among the events is one that control should see at once */
    struct out *outbox;
    int n_outbox;
    void (*send)(struct plane *plane); /* empties the outbox */
    void *owner;                       /* whoever set `send` */
    struct parsed received, again;     /* the packet just come; one read back from a history */
    struct parsed parsed[MAX_PENDING]; /* those of a batch that go to one stream's routes */
};

/* ---- receive.c */

/* One datagram; `data` is overwritten. What it causes waits for `flush`. */
void receive(struct plane *plane, uint8_t *data, size_t size, const struct address *from, int64_t now_us);
/* A packet of a stream that another plane receives, under the index it has there. Waits for `flush` likewise. */
void receive_relayed(struct plane *plane, int64_t stream, int64_t index, int64_t now_us, const uint8_t *data, size_t size);
/* Forward what is pending. Called at the end of a batch and before control changes anything. */
void flush(struct plane *plane);
void add_event(struct plane *plane, struct event event, const uint8_t *data, size_t size);

/* ---- stun.c */

bool is_consent(const struct consent *consent, const uint8_t *data, size_t size);
/* Writes the success response to `request`, 80 bytes at most; returns its size. */
size_t consent_answer(const struct consent *consent, const uint8_t *request, const struct address *from, uint8_t *out);

/* ---- route.c */

/* Begin to play, if there is a place to begin at: a keyframe, or `start` for a stream that has none. */
void route_start(struct plane *plane, struct route *route, int64_t start, int64_t now_us);
void fan_out(struct plane *plane, struct stream *stream);
void retransmit(struct plane *plane, struct route *route, const uint16_t *sequences, int n, int64_t now_us);
void sender_report(struct plane *plane, struct route *route, uint64_t ntp, uint32_t timestamp);
void send_rtcp(struct plane *plane, struct transport *transport, const uint8_t *data, size_t size);
void send_raw(struct plane *plane, const struct address *to, const uint8_t *data, size_t size);
void route_silence(struct route *route);
static inline int64_t stream_transport(const struct stream *stream) {
    return stream->transport ? stream->transport->id : 0;
}

/* ---- control.c */

struct plane *plane_new(const struct settings *settings);
void plane_clear(struct plane *plane);
void plane_free(struct plane *plane);
struct transport *plane_transport(struct plane *plane, int64_t id);
struct stream *plane_stream(struct plane *plane, int64_t id);
struct route *plane_route(struct plane *plane, int64_t id);
bool add_transport(struct plane *plane, int64_t id, const struct address *address, void *inbound, void *outbound);
void move_transport(struct plane *plane, int64_t id, const struct address *address);
void set_consent(struct plane *plane, int64_t id, const struct consent *consent);
void remove_transport(struct plane *plane, int64_t id);
/* `transport` 0: a mirror. */
bool add_stream(struct plane *plane, const struct stream *spec, bool video, int64_t transport);
void remove_stream(struct plane *plane, int64_t id);
bool set_route(struct plane *plane, const struct route *spec, int64_t transport, int64_t stream, int64_t now_us);
void remove_route(struct plane *plane, int64_t id);
bool set_ssrc(struct transport *transport, uint32_t ssrc, bool repairs, struct stream *stream);
void forget_ssrc(struct transport *transport, uint32_t ssrc, bool repairs);

#endif
