/* What keeps a session alive: STUN checks, sender and receiver reports; and what a publisher is asked for. */
#define _GNU_SOURCE
#include <sys/socket.h>

#include "engine.h"

#define SENDER_REPORT 200
#define RECEIVER_REPORT 201
#define DESCRIPTION 202
#define TRANSPORT_FEEDBACK 205
#define PAYLOAD_FEEDBACK 206
#define REPORTER 0x0bec4a11u

static void send_rtcp(struct engine *engine, struct peer *peer, uint8_t *data, int size) {
    if (peer->outbound != NULL && engine->srtp.protect_rtcp(peer->outbound, data, &size) == 0)
        send(peer->fd, data, (size_t)size, MSG_DONTWAIT);
}

static int put_head(uint8_t *at, int count, int type, int size) {
    at[0] = (uint8_t)(0x80 | count);
    at[1] = (uint8_t)type;
    put16(at + 2, (uint16_t)(size / 4 - 1));
    return size;
}

/* SDES with a CNAME of one letter (RFC 3550 §6.5.1); every compound packet has one. */
static int put_description(uint8_t *at, uint32_t ssrc) {
    static const uint8_t item[] = {1, 1, 'b', 0};
    put32(at + 4, ssrc);
    memcpy(at + 8, item, sizeof item);
    return put_head(at, 1, DESCRIPTION, 12);
}

static void receiver_report(struct engine *engine, struct peer *peer) {
    _Alignas(16) uint8_t data[MAX_DATAGRAM];
    int size = 8;
    put32(data + 4, REPORTER);
    for (int index = 0; index < peer->stream_count; index++, size += 24) {
        struct stream *stream = &peer->streams[index];
        int64_t lost = stream->highest - stream->base - (int64_t)stream->packets;
        memset(data + size, 0, 24);
        put32(data + size, stream->ssrc);
        put32(data + size + 4, (uint32_t)(lost > 0 ? lost & 0xffffff : 0));
        put32(data + size + 8, (uint32_t)stream->highest);
    }
    put_head(data, peer->stream_count, RECEIVER_REPORT, size);
    size += put_description(data + size, REPORTER);
    send_rtcp(engine, peer, data, size);
}

static void sender_report(struct engine *engine, struct peer *peer, struct track *track, int64_t now_ns) {
    _Alignas(16) uint8_t data[128];
    int64_t wall = clock_ns(CLOCK_REALTIME);
    const struct track_spec *spec = &track->spec;
    put32(data + 4, spec->ssrc);
    put32(data + 8, (uint32_t)(wall / SECOND_NS + 2208988800LL)); /* seconds from 1900 to 1970 */
    put32(data + 12, (uint32_t)(((uint64_t)(wall % SECOND_NS) << 32) / SECOND_NS));
    int64_t media_ns = (int64_t)track->frame_count * spec->frame_ns + (now_ns - track->frame_start_ns);
    put32(data + 16, (uint32_t)(media_ns / 1000 * spec->clock_rate / 1000000));
    put32(data + 20, track->sent);
    put32(data + 24, track->octets);
    int size = put_head(data, 0, SENDER_REPORT, 28);
    size += put_description(data + size, spec->ssrc);
    send_rtcp(engine, peer, data, size);
}

void peer_keep_alive(struct engine *engine, struct peer *peer, int64_t now_ns) {
    if (peer->stun_size && now_ns >= peer->check_ns) {
        peer->check_ns = now_ns + CHECK_NS;
        send(peer->fd, peer->stun, (size_t)peer->stun_size, MSG_DONTWAIT);
    }
    if (peer->outbound == NULL) return;
    if (peer->stream_count && now_ns >= peer->report_ns) {
        peer->report_ns = now_ns + REPORT_NS;
        receiver_report(engine, peer);
    }
    for (int index = 0; index < peer->track_count; index++) {
        struct track *track = &peer->tracks[index];
        if (track->running && track->sent && now_ns >= track->report_ns) {
            track->report_ns = now_ns + REPORT_NS;
            sender_report(engine, peer, track, now_ns);
        }
    }
}

/* A generic NACK (RFC 4585 §6.2.1) for one packet. */
void peer_ask_again(struct engine *engine, struct peer *peer, uint32_t ssrc, uint16_t sequence) {
    _Alignas(16) uint8_t data[128];
    put32(data + 4, REPORTER);
    put32(data + 8, ssrc);
    put16(data + 12, sequence);
    put16(data + 14, 0);
    engine->totals.asked_again++;
    send_rtcp(engine, peer, data, put_head(data, 1, TRANSPORT_FEEDBACK, 16));
}

void peer_rtcp(struct engine *engine, struct peer *peer, uint8_t *data, int size) {
    if (engine->srtp.unprotect_rtcp(peer->inbound, data, &size) != 0) {
        engine->totals.undecryptable++;
        return;
    }
    for (int offset = 0; offset + 12 <= size; offset += 4 * (get16(data + offset + 2) + 1)) {
        int format = data[offset] & 0x1f, type = data[offset + 1];
        if (type == TRANSPORT_FEEDBACK && format == 1) engine->totals.nacks++;
        bool fir = format == 4 && offset + 16 <= size;
        if (type != PAYLOAD_FEEDBACK || (format != 1 && !fir)) continue; /* PLI (RFC 4585), FIR (RFC 5104) */
        uint32_t ssrc = get32(data + offset + (format == 1 ? 8 : 12));
        for (int index = 0; index < peer->track_count; index++)
            if (peer->tracks[index].spec.ssrc == ssrc) {
                peer->tracks[index].keyframe_wanted = true;
                engine->totals.keyframe_requests++;
            }
    }
}
