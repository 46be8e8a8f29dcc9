/* Publishing: RTP packets on a schedule, protected and sent with one sendmmsg per peer and instant. */
#define _GNU_SOURCE
#include <netinet/in.h>
#include <sys/socket.h>

#include "engine.h"

#define GIVE_UP_NS SECOND_NS

struct batch {
    struct mmsghdr messages[SEND_BATCH];
    struct iovec parts[SEND_BATCH];
    _Alignas(16) uint8_t data[SEND_BATCH][MAX_DATAGRAM];
    int count;
};

/* One-byte header extensions (RFC 8285 §4.2): abs-send-time as browsers send it, the level of speech. */
static int put_extensions(uint8_t *at, const struct track_spec *spec, int64_t now_ns) {
    if (!spec->send_time_id && !spec->level_id) return 0;
    uint8_t *element = at + 4;
    if (spec->send_time_id) {
        uint64_t seconds = (uint64_t)now_ns / SECOND_NS, rest = (uint64_t)now_ns % SECOND_NS;
        uint32_t fixed = (uint32_t)(((seconds & 63) << 18) + (rest << 18) / SECOND_NS);
        *element++ = (uint8_t)(spec->send_time_id << 4 | 2);
        *element++ = (uint8_t)(fixed >> 16);
        *element++ = (uint8_t)(fixed >> 8);
        *element++ = (uint8_t)fixed;
    }
    if (spec->level_id) {
        *element++ = (uint8_t)(spec->level_id << 4);
        *element++ = 0x80 | 30; /* voice at -30 dBov */
    }
    while ((element - at) % 4) *element++ = 0;
    put16(at, 0xBEDE);
    put16(at + 2, (uint16_t)((element - at) / 4 - 1));
    return (int)(element - at);
}

/* The packet the track is at; returns its size. */
static int build(const struct track *track, uint8_t *packet, int64_t now_ns) {
    const struct track_spec *spec = &track->spec;
    uint32_t size = spec->sizes[track->size_index];
    bool last = track->packet + 1 == spec->packets[track->frame];
    packet[0] = 0x80;
    packet[1] = (uint8_t)(spec->payload_type | (last && spec->kind == 0 ? 0x80 : 0));
    put16(packet + 2, track->sequence);
    uint64_t ticks = (uint64_t)track->frame_count * (uint64_t)spec->frame_ns / 1000 * spec->clock_rate / 1000000;
    put32(packet + 4, (uint32_t)ticks);
    put32(packet + 8, spec->ssrc);
    int header = RTP_HEADER + put_extensions(packet + RTP_HEADER, spec, now_ns);
    if (header > RTP_HEADER) packet[0] |= 0x10;
    uint8_t *payload = packet + header;
    memcpy(payload, track->payload, size);
    if (spec->picture_id) put16(payload + 2, (uint16_t)(0x8000 | (track->frame_count & 0x7fff)));
    if (spec->stamped) put_stamp(payload, spec->kind, now_ns);
    return header + (int)size;
}

static void advance(struct track *track) {
    const struct track_spec *spec = &track->spec;
    track->payload += spec->sizes[track->size_index++];
    track->sequence++;
    if (++track->packet < spec->packets[track->frame]) return;
    track->packet = 0;
    track->frame_count++;
    track->frame_start_ns += spec->frame_ns;
    if (++track->frame == spec->frames || track->keyframe_wanted) {
        track->keyframe_wanted = false;
        track->frame = track->size_index = 0;
        track->payload = spec->payloads;
    }
}

static int64_t due(const struct engine *engine, const struct track *track) {
    if (engine->burst) return track->frame_start_ns;
    return track->frame_start_ns + track->spec.frame_ns * track->packet / track->spec.packets[track->frame];
}

static void flush(struct engine *engine, struct peer *peer, struct batch *batch) {
    int done = 0;
    while (done < batch->count) {
        int sent = sendmmsg(peer->fd, batch->messages + done, (unsigned)(batch->count - done), MSG_DONTWAIT);
        if (sent <= 0) {
            engine->totals.send_failed++;
            sent = 1; /* never wait: what follows must leave on time */
        }
        done += sent;
    }
    batch->count = 0;
}

int64_t tracks_send(struct engine *engine, struct peer *peer, int64_t now_ns) {
    static struct batch batch; /* one thread */
    int64_t next = INT64_MAX;
    for (int index = 0; index < peer->track_count; index++) {
        struct track *track = &peer->tracks[index];
        int64_t at;
        if (!track->running) continue;
        while ((at = due(engine, track)) <= now_ns) {
            if (now_ns - at > GIVE_UP_NS) { /* after a long stall go on from now instead of catching up */
                track->frame_start_ns += (now_ns - at) / track->spec.frame_ns * track->spec.frame_ns;
                engine->totals.skipped++;
                continue;
            }
            if (now_ns - at > engine->totals.late_max_ns) engine->totals.late_max_ns = now_ns - at;
            uint8_t *packet = batch.data[batch.count];
            int size = build(track, packet, clock_ns(CLOCK_REALTIME));
            track->sent++;
            track->octets += track->spec.sizes[track->size_index];
            advance(track);
            if (engine->srtp.protect(peer->outbound, packet, &size) != 0) continue;
            if (is_lost(engine)) {
                engine->totals.dropped++;
                continue;
            }
            batch.parts[batch.count] = (struct iovec){packet, (size_t)size};
            batch.messages[batch.count].msg_hdr = (struct msghdr){.msg_iov = &batch.parts[batch.count], .msg_iovlen = 1};
            engine->totals.sent++;
            engine->totals.sent_bytes += (uint64_t)size;
            if (++batch.count == SEND_BATCH) flush(engine, peer, &batch);
        }
        if (at < next) next = at;
    }
    if (batch.count) flush(engine, peer, &batch);
    return next;
}
