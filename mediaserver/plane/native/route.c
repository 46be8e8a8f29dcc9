/* From a stream's history to its subscribers: where a route starts, and how a packet is rewritten for it
 * (plane/sender.py is the same in Python). Packets of a batch go out receiver by receiver, so that each
 * receiver's keys are touched once and consecutive packets of one size can leave in one send. */
#include "relay.h"

#include <stdlib.h>
#include <string.h>

#define COUNT(name) (plane->count[C_##name]++)
#define REPLAY_SPACING_PER_S 1000 /* replayed pictures are stamped a millisecond apart */

struct item { /* an extension element to write */
    uint8_t id, length;
    const uint8_t *value;
};

void route_silence(struct route *route) {
    free(route->retimed_from);
    free(route->retimed_to);
    route->retimed_from = NULL;
    route->retimed_to = NULL;
    route->n_retimed = 0;
}

static bool parse_kept(const struct kept *kept, struct parsed *packet) {
    packet->data = kept->packet;
    packet->size = kept->size;
    packet->index = kept->index;
    packet->now_us = kept->now_us;
    if (!parse_header(packet->data, packet->size, &packet->header)) return false;
    packet->n_elements = parse_elements(packet->data, &packet->header, packet->elements);
    return packet->n_elements >= 0;
}

/* ---------------------------------------------------------------- rewriting */

static int collect(const struct route *route, const struct parsed *packet, const uint8_t *send_time,
                   struct item *items) {
    int n = 0;
    for (int at = 0; at < route->n_constants; at += 2 + route->constants[at + 1])
        items[n++] = (struct item){route->constants[at], route->constants[at + 1], &route->constants[at + 2]};
    if (route->send_time_extension) items[n++] = (struct item){route->send_time_extension, 3, send_time};
    for (int i = 0; i < packet->n_elements; i++) {
        const struct element *element = &packet->elements[i];
        uint8_t id = route->extensions[element->id];
        if (id) items[n++] = (struct item){id, element->length, packet->data + element->offset};
    }
    return n;
}

/* The extension block, profile and length included: one-byte form where everything fits (RFC 8285 §4.2).
 * Returns its size, 0 for no items, -1 when it does not fit. */
static int write_extension(uint8_t *out, size_t room, const struct item *items, int n) {
    bool one_byte = true;
    size_t size = 4;
    if (!n) return 0;
    for (int i = 0; i < n; i++) one_byte = one_byte && items[i].id < 15 && items[i].length >= 1 && items[i].length <= 16;
    for (int i = 0; i < n; i++) size += (one_byte ? 1u : 2u) + items[i].length;
    size_t padded = (size + 3) & ~(size_t)3;
    if (padded > room) return -1;
    uint8_t *at = out + 4;
    for (int i = 0; i < n; i++) {
        if (one_byte) {
            *at++ = (uint8_t)(items[i].id << 4 | (items[i].length - 1));
        } else {
            *at++ = items[i].id;
            *at++ = items[i].length;
        }
        memcpy(at, items[i].value, items[i].length);
        at += items[i].length;
    }
    memset(at, 0, padded - size);
    write16(out, one_byte ? 0xBEDE : 0x1000);
    write16(out + 2, (uint16_t)((padded - 4) / 4));
    return (int)padded;
}

struct identity {
    uint8_t payload_type;
    uint16_t sequence;
    uint32_t timestamp, ssrc;
    const uint16_t *original; /* goes before the payload (RFC 4588), or NULL */
    int64_t sent_us;
};

static struct out *next_out(struct plane *plane) {
    if (plane->n_outbox == MAX_OUTBOX) plane->send(plane);
    return &plane->outbox[plane->n_outbox];
}

static bool queue(struct plane *plane, struct transport *transport, struct out *out, int size,
                  srtp_function protect) {
    int length = size;
    if (size > plane->settings.max_datagram || protect(transport->outbound, out->data, &length)) {
        COUNT(drop_protect);
        return false;
    }
    out->address = transport->address;
    out->size = (uint16_t)length;
    transport->tx_packets++;
    transport->tx_bytes += length;
    plane->n_outbox++;
    return true;
}

static bool rewrite(struct plane *plane, const struct route *route, const struct parsed *packet,
                    const struct identity *identity) {
    struct item items[MAX_ELEMENTS + MAX_CONSTANTS / 2 + 1];
    const struct header *header = &packet->header;
    uint64_t fraction = (uint64_t)ticks(identity->sent_us, 1 << 18); /* abs-send-time: 6.18 bits of seconds */
    uint8_t send_time[3] = {(uint8_t)(fraction >> 16), (uint8_t)(fraction >> 8), (uint8_t)fraction};
    struct out *out = next_out(plane);
    uint8_t *at = out->data;
    size_t fixed = 12 + 4 * (size_t)(packet->data[0] & 0x0F), rest = packet->size - header->payload;
    memcpy(at, packet->data, fixed);
    int extension = write_extension(at + fixed, MAX_OUT - fixed, items, collect(route, packet, send_time, items));
    if (extension < 0 || fixed + (size_t)extension + rest + 2 > MAX_OUT - MAX_TAG) {
        COUNT(drop_protect);
        return false;
    }
    at[0] = (uint8_t)((packet->data[0] & ~0x10) | (extension ? 0x10 : 0));
    at[1] = (uint8_t)((packet->data[1] & 0x80) | identity->payload_type);
    write16(at + 2, identity->sequence);
    write32(at + 4, identity->timestamp);
    write32(at + 8, identity->ssrc);
    size_t size = fixed + (size_t)extension;
    if (identity->original) {
        write16(at + size, *identity->original);
        size += 2;
    }
    memcpy(at + size, packet->data + header->payload, rest);
    return queue(plane, route->transport, out, (int)(size + rest), plane->protect);
}

/* ---------------------------------------------------------------- time */

/* The time of a picture that was missing altogether at the replay: between its neighbours, as its own time is. */
static int64_t between(const struct route *route, uint32_t timestamp) {
    int32_t distance = 0;
    for (int i = 0; i < route->n_retimed; i++) {
        distance = timestamp_delta(route->retimed_from[i], timestamp);
        if (distance <= 0) continue;
        if (i == 0) return route->retimed_to[0] - 1;
        int64_t span = timestamp_delta(route->retimed_from[i], route->retimed_from[i - 1]);
        int64_t into = timestamp_delta(timestamp, route->retimed_from[i - 1]);
        int64_t product = into * (route->retimed_to[i] - route->retimed_to[i - 1]);
        int64_t quotient = product / span; /* rounded down, as Python does */
        if (product % span && (product < 0) != (span < 0)) quotient--;
        return route->retimed_to[i - 1] + quotient;
    }
    return route->retimed_to[route->n_retimed - 1] - distance;
}

static uint32_t retime(const struct route *route, int64_t index, uint32_t timestamp) {
    if (!route->n_retimed || index > route->live) return (uint32_t)(timestamp + route->timestamp_offset);
    for (int i = route->n_retimed - 1; i >= 0; i--)
        if (route->retimed_from[i] == timestamp) return (uint32_t)route->retimed_to[i];
    return (uint32_t)between(route, timestamp);
}

/* ---------------------------------------------------------------- forwarding */

static void forward(struct plane *plane, struct route *route, const struct parsed *packet) {
    const struct header *header = &packet->header;
    if (packet->index < route->start) {
        COUNT(drop_before_start);
        return;
    }
    uint8_t payload_type = route->payload_types[header->payload_type];
    if (payload_type == NO_PT) {
        COUNT(drop_no_payload_type);
        return;
    }
    int64_t out_index = packet->index + route->sequence_offset;
    int64_t sent_us = packet->now_us > route->live_us ? packet->now_us : route->live_us;
    struct identity identity = {payload_type, (uint16_t)out_index, retime(route, packet->index, header->timestamp),
                                route->ssrc, NULL, sent_us};
    if (!rewrite(plane, route, packet, &identity)) return;
    COUNT(tx_rtp);
    route->packets++;
    route->octets += header->end - header->payload;
    if (out_index > route->last_index) {
        if (route->n_retimed && route->stream && route->live < history_oldest(&route->stream->history))
            route_silence(route); /* nothing of the replay can be asked for again */
        route->last_index = out_index;
        route->last_timestamp = identity.timestamp;
        route->last_us = sent_us;
    }
}

void fan_out(struct plane *plane, struct stream *stream) {
    int n = 0, waiting = stream->n_pending;
    stream->n_pending = 0;
    for (int i = 0; i < waiting; i++) {
        const struct kept *kept = history_get(&stream->history, stream->pending[i]);
        if (kept && parse_kept(kept, &plane->parsed[n])) n++;
    }
    if (stream->relays.n) relay(plane, stream, plane->parsed, n);
    for (int r = 0; r < stream->routes.n; r++) {
        struct route *route = stream->routes.items[r];
        int64_t reach = stream->reach;
        for (int i = 0; i < n; i++) {
            const struct parsed *packet = &plane->parsed[i];
            if (packet->index > reach) reach = packet->index;
            if (route->started) {
                forward(plane, route, packet);
                continue;
            }
            route_start(plane, route, stream->has_keyframes ? -1 : reach, packet->now_us);
            if (route->started) break; /* it was given everything up to the newest packet */
            COUNT(drop_waiting_keyframe);
        }
    }
}

/* ---------------------------------------------------------------- starting */

static bool can_replay(const struct plane *plane, const struct history *history, int64_t now_us) {
    return history_holds(history, history->keyframe) &&
           history->highest - history->keyframe < plane->settings.replay_max_packets &&
           now_us - history->keyframe_us <= plane->settings.replay_max_age_us;
}

/* The time stamps from `start` on, each once, the newest packet's last. */
static int pictures(const struct history *history, int64_t start, uint32_t newest, uint32_t *times) {
    int n = 0;
    for (int64_t index = start; index <= history->highest; index++) {
        const struct kept *kept = history_get(history, index);
        if (!kept) continue;
        uint32_t time = read32(kept->packet + 4);
        int known = n;
        while (known > 0 && times[known - 1] != time) known--;
        if (!known) times[n++] = time;
    }
    for (int i = 0; i < n; i++)
        if (times[i] == newest) {
            memmove(times + i, times + i + 1, (size_t)(n - i - 1) * sizeof *times);
            times[n - 1] = newest;
            break;
        }
    return n;
}

void route_start(struct plane *plane, struct route *route, int64_t start, int64_t now_us) {
    struct stream *stream = route->stream;
    struct history *history = &stream->history;
    if (history->highest < 0) return;
    if (stream->has_keyframes) {
        if (!can_replay(plane, history, now_us)) return;
        start = history->keyframe;
    }
    const struct kept *first = history_get(history, start), *latest = history_get(history, history->highest);
    if (!first || !latest) return;
    uint32_t newest = read32(latest->packet + 4);
    size_t span = (size_t)(history->highest - start + 1);
    uint32_t *times = malloc(span * sizeof *times);
    if (!times) return;
    int n = pictures(history, start, newest, times);
    int64_t spacing = stream->clock_rate / REPLAY_SPACING_PER_S > 1 ? stream->clock_rate / REPLAY_SPACING_PER_S : 1;
    /* Media time goes on from the last packet of this slot as the wall clock did. */
    int64_t elapsed = route->last_us ? ticks(now_us - route->last_us, stream->clock_rate) : 0;
    int64_t begin = (int64_t)route->last_timestamp + (elapsed > spacing ? elapsed : spacing);
    int64_t *sent = n > 1 ? malloc((size_t)n * sizeof *sent) : NULL;
    if (n > 1 && !sent) {
        free(times);
        return;
    }
    route_silence(route);
    route->timestamp_offset = begin + (n - 1) * spacing - newest;
    if (n > 1) {
        for (int i = 0; i < n; i++) sent[i] = begin + i * spacing;
        route->retimed_from = times;
        route->retimed_to = sent;
        route->n_retimed = n;
    } else {
        free(times);
    }
    route->sequence_offset = route->last_index + 1 - start;
    route->start = start;
    route->live = history->highest;
    route->live_us = now_us;
    route->started = true;
    COUNT(switches);
    struct event event = {.kind = E_STARTED, .now_us = now_us, .transport = stream_transport(stream),
                          .stream = stream->id, .route = route->id};
    add_event(plane, event, NULL, 0);
    for (int64_t index = start; index <= history->highest; index++) {
        const struct kept *kept = history_get(history, index);
        if (!kept || !parse_kept(kept, &plane->again)) continue;
        forward(plane, route, &plane->again);
        if (index < history->highest) COUNT(tx_replayed);
    }
}

/* ---------------------------------------------------------------- asked by control */

void retransmit(struct plane *plane, struct route *route, const uint16_t *sequences, int n, int64_t now_us) {
    for (int i = 0; i < n; i++) {
        int64_t index = extend(sequences[i], route->last_index) - route->sequence_offset;
        const struct kept *kept = route->stream && route->started ? history_get(&route->stream->history, index) : NULL;
        if (!kept || index < route->start || index + route->sequence_offset > route->last_index ||
            !parse_kept(kept, &plane->again)) {
            COUNT(drop_nack_unknown);
            continue;
        }
        const struct parsed *packet = &plane->again;
        uint8_t payload_type = route->payload_types[packet->header.payload_type];
        if (payload_type == NO_PT) {
            COUNT(drop_no_payload_type);
            continue;
        }
        struct identity identity = {payload_type, sequences[i], retime(route, index, packet->header.timestamp),
                                    route->ssrc, NULL, now_us};
        if (route->rtx_payload_types[payload_type] != NO_PT && route->has_rtx_ssrc) {
            identity.payload_type = route->rtx_payload_types[payload_type];
            identity.sequence = route->rtx_sequence++;
            identity.ssrc = route->rtx_ssrc;
            identity.original = &sequences[i];
        } else {
            /* Under the same SSRC and number it must be the same packet to the last bit: SRTP encrypts it with
             * the same nonce, and AES-GCM breaks when one nonce covers two texts (RFC 5116 §5.1.1). */
            identity.sent_us = kept->now_us > route->live_us ? kept->now_us : route->live_us;
        }
        if (rewrite(plane, route, packet, &identity)) {
            COUNT(tx_rtx);
            route->retransmitted++;
        }
    }
}

void send_rtcp(struct plane *plane, struct transport *transport, const uint8_t *data, size_t size) {
    if (size > MAX_OUT - MAX_TAG) {
        COUNT(drop_protect);
        return;
    }
    struct out *out = next_out(plane);
    memcpy(out->data, data, size);
    if (queue(plane, transport, out, (int)size, plane->protect_rtcp)) COUNT(tx_rtcp);
}

/* RFC 3550 §6.4.1 with an SDES CNAME (§6.5), in the route's own time. */
void sender_report(struct plane *plane, struct route *route, uint64_t ntp, uint32_t timestamp) {
    uint8_t data[28 + 4 + 6 + MAX_CNAME + 4] = {0};
    data[0] = 0x80;
    data[1] = 200;
    data[3] = 6;
    write32(data + 4, route->ssrc);
    write32(data + 8, (uint32_t)(ntp >> 32));
    write32(data + 12, (uint32_t)ntp);
    write32(data + 16, (uint32_t)(timestamp + route->timestamp_offset));
    write32(data + 20, (uint32_t)route->packets);
    write32(data + 24, (uint32_t)route->octets);
    size_t chunk = (6u + route->cname_length + 1 + 3) & ~(size_t)3;
    data[28] = 0x81;
    data[29] = 202;
    write16(data + 30, (uint16_t)(chunk / 4));
    write32(data + 32, route->ssrc);
    data[36] = 1;
    data[37] = route->cname_length;
    memcpy(data + 38, route->cname, route->cname_length);
    send_rtcp(plane, route->transport, data, 32 + chunk);
}

void send_raw(struct plane *plane, const struct address *to, const uint8_t *data, size_t size) {
    if (size > MAX_OUT) {
        COUNT(drop_send_error);
        return;
    }
    struct out *out = next_out(plane);
    memcpy(out->data, data, size);
    out->address = *to;
    out->size = (uint16_t)size;
    plane->n_outbox++;
}
