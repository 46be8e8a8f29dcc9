/* Receiving: count what came, by the clear header; decrypt one packet in SAMPLE to learn when it was sent. */
#define _GNU_SOURCE
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "engine.h"

#define BATCH 32
#define SAMPLE 16
#define RESET_DISTANCE 8192

static struct stream *find_stream(struct engine *engine, struct peer *peer, uint32_t ssrc, uint16_t sequence) {
    for (int index = 0; index < peer->stream_count; index++)
        if (peer->streams[index].ssrc == ssrc) return &peer->streams[index];
    if (peer->stream_count == MAX_STREAMS) {
        engine->totals.unknown++;
        return NULL;
    }
    struct stream *stream = &peer->streams[peer->stream_count++];
    *stream = (struct stream){.ssrc = ssrc, .base = sequence - 1, .highest = sequence - 1};
    return stream;
}

/* Whether it is newer than all before. */
static bool count(struct engine *engine, struct stream *stream, uint16_t sequence) {
    int distance = (int16_t)(uint16_t)(sequence - (uint16_t)stream->highest);
    if (distance > RESET_DISTANCE || distance < -RESET_DISTANCE) { /* a new numbering, not a loss */
        stream->base += sequence - 1 - stream->highest;
        stream->highest = sequence;
        engine->totals.resets++;
    } else if (distance > 0) {
        stream->highest += distance;
    } else if (distance == 0) {
        engine->totals.duplicates++;
        return false;
    }
    stream->packets++;
    return distance > 0;
}

static int payload_offset(const uint8_t *packet, int size) {
    int offset = RTP_HEADER + 4 * (packet[0] & 0x0f);
    if (packet[0] & 0x10) {
        if (offset + 4 > size) return size;
        offset += 4 + 4 * get16(packet + offset + 2);
    }
    return offset < size ? offset : size;
}

static void measure(struct engine *engine, struct peer *peer, int id, uint8_t *packet, int size, int64_t arrived_ns) {
    int64_t sent_ns;
    if (engine->srtp.unprotect(peer->inbound, packet, &size) != 0) {
        engine->totals.undecryptable++;
        return;
    }
    int offset = payload_offset(packet, size);
    int kind = get_stamp(packet + offset, size - offset, &sent_ns);
    if (kind < 0) return;
    if (engine->sample_count == MAX_SAMPLES) {
        engine->totals.samples_lost++;
        return;
    }
    int64_t delay = arrived_ns - sent_ns;
    if (delay > 2 * SECOND_NS) delay = 2 * SECOND_NS;
    engine->samples[engine->sample_count++] = (struct sample){(int32_t)delay, (uint16_t)id, (uint16_t)kind};
}

static void media(struct engine *engine, struct peer *peer, int id, uint8_t *packet, int size, int64_t arrived_ns) {
    if (size < RTP_HEADER) return;
    if (packet[1] >= 192 && packet[1] <= 223) { /* RFC 5761 §4 */
        engine->totals.rtcp_received++;
        if (peer->track_count) peer_rtcp(engine, peer, packet, size);
        return;
    }
    uint16_t sequence = get16(packet + 2);
    struct stream *stream = find_stream(engine, peer, get32(packet + 8), sequence);
    if (stream == NULL) return;
    bool newest = count(engine, stream, sequence);
    engine->totals.received_bytes += (uint64_t)size;
    if (peer->first_ns == 0) peer->first_ns = arrived_ns;
    peer->last_ns = arrived_ns;
    if (is_lost(engine)) peer_ask_again(engine, peer, stream->ssrc, sequence);
    /* What was sent again says nothing of the delay, and libsrtp refuses it when it has been read before. */
    if (newest && (sequence + id) % SAMPLE == 0) measure(engine, peer, id, packet, size, arrived_ns);
}

static void to_python(struct engine *engine, int id, const uint8_t *data, int size) {
    if (engine->control_count == MAX_CONTROL) {
        engine->totals.control_lost++;
        return;
    }
    struct control *control = &engine->control[engine->control_count++];
    control->peer = id;
    control->size = size;
    memcpy(control->data, data, (size_t)size);
}

static int64_t arrival(struct msghdr *message) {
    for (struct cmsghdr *part = CMSG_FIRSTHDR(message); part != NULL; part = CMSG_NXTHDR(message, part))
        if (part->cmsg_level == SOL_SOCKET && part->cmsg_type == SCM_TIMESTAMPNS) {
            struct timespec stamp;
            memcpy(&stamp, CMSG_DATA(part), sizeof stamp);
            return stamp.tv_sec * SECOND_NS + stamp.tv_nsec;
        }
    return clock_ns(CLOCK_REALTIME);
}

void peer_receive(struct engine *engine, int id) {
    static _Alignas(16) uint8_t data[BATCH][MAX_DATAGRAM];
    static _Alignas(16) uint8_t ancillary[BATCH][64];
    static struct mmsghdr messages[BATCH];
    static struct iovec parts[BATCH];
    struct peer *peer = engine->peers[id];
    int count;
    do {
        for (int index = 0; index < BATCH; index++) {
            parts[index] = (struct iovec){data[index], MAX_DATAGRAM};
            messages[index].msg_hdr = (struct msghdr){
                .msg_iov = &parts[index], .msg_iovlen = 1, .msg_control = ancillary[index], .msg_controllen = 64};
        }
        count = recvmmsg(peer->fd, messages, BATCH, MSG_DONTWAIT, NULL);
        for (int index = 0; index < count; index++) {
            uint8_t *datagram = data[index];
            int size = (int)messages[index].msg_len;
            if (size == 0) continue;
            if (datagram[0] >= 128 && datagram[0] <= 191) /* RFC 7983 */
                media(engine, peer, id, datagram, size, arrival(&messages[index].msg_hdr));
            else if (datagram[0] < 2 && size > 1 && datagram[0] == 1 && datagram[1] == 1)
                engine->totals.checks_answered++;
            else
                to_python(engine, id, datagram, size);
        }
    } while (count == BATCH);
}
