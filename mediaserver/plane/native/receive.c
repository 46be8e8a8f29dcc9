/* The way of a datagram into a history, top to bottom (plane/forward.py is the same in Python). */
#include "plane.h"

#include <stdlib.h>
#include <string.h>

#define COUNT(name) (plane->count[C_##name]++)

/* Whether somebody waits for what control does about it: not for a sender report. */
static bool is_urgent(const struct event *event) {
    if (event->kind != E_RTCP) return true;
    for (size_t at = 0; at + 4 <= event->size; at += 4 + 4 * (size_t)read16(event->data + at + 2))
        if (event->data[at + 1] > 202) return true; /* BYE, feedback, and whatever else is no report */
    return false;
}

void add_event(struct plane *plane, struct event event, const uint8_t *data, size_t size) {
    if (plane->n_events == plane->settings.max_events) {
        COUNT(drop_event_overflow);
        return;
    }
    if (plane->n_events == plane->room_events) {
        int room = plane->room_events ? plane->room_events * 2 : 64;
        struct event *events = realloc(plane->events, (size_t)room * sizeof *events);
        if (!events) {
            COUNT(drop_event_overflow);
            return;
        }
        plane->events = events;
        plane->room_events = room;
    }
    event.data = NULL;
    event.size = size;
    if (size) {
        event.data = malloc(size);
        if (!event.data) {
            COUNT(drop_event_overflow);
            return;
        }
        memcpy(event.data, data, size);
    }
    plane->events[plane->n_events++] = event;
    plane->urgent = plane->urgent || is_urgent(&event);
}

static void stream_event(struct plane *plane, enum event_kind kind, const struct stream *stream, int64_t now_us) {
    struct event event = {.kind = kind, .now_us = now_us, .transport = stream_transport(stream), .stream = stream->id};
    add_event(plane, event, NULL, 0);
}

/* Bounds the contexts a peer can make SRTP hold by inventing SSRCs. */
static bool may_use(const struct plane *plane, const struct transport *transport, uint32_t ssrc) {
    for (int i = 0; i < transport->n_ssrcs; i++)
        if (transport->ssrcs[i] == ssrc) return true;
    return transport->n_ssrcs < plane->settings.max_ssrcs;
}

static void authenticated(struct transport *transport, uint32_t ssrc, size_t size, int64_t now_us) {
    int i = 0;
    while (i < transport->n_ssrcs && transport->ssrcs[i] != ssrc) i++;
    if (i == transport->n_ssrcs && transport->n_ssrcs == transport->room_ssrcs) {
        /* SSRCs that the offer declared come on top of the bound, so there may be more of them. */
        int room = transport->room_ssrcs ? transport->room_ssrcs * 2 : 8;
        uint32_t *ssrcs = realloc(transport->ssrcs, (size_t)room * sizeof *ssrcs);
        if (ssrcs) {
            transport->ssrcs = ssrcs;
            transport->room_ssrcs = room;
        }
    }
    if (i == transport->n_ssrcs && i < transport->room_ssrcs) transport->ssrcs[transport->n_ssrcs++] = ssrc;
    transport->last_us = now_us;
    transport->rx_packets++;
    transport->rx_bytes += (int64_t)size;
}

/* The subscriber's block about one of its slots (RFC 3550 §6.4.1). */
static void note_report(struct transport *transport, const uint8_t *block, int64_t now_us) {
    for (int i = 0; i < transport->routes.n; i++) {
        struct route *route = transport->routes.items[i];
        if (route->ssrc != read32(block)) continue;
        route->fraction_lost = block[4];
        route->jitter = read32(block + 12);
        route->lsr = read32(block + 16);
        route->dlsr = read32(block + 20);
        route->reported_us = now_us;
    }
}

/* draft-alvestrand-rmcat-remb-03 §2.2: six bits of exponent, eighteen of mantissa; at most 2^40 here. */
static int64_t remb_rate(const uint8_t *data) {
    int exponent = data[0] >> 2;
    int64_t most = (int64_t)1 << 40, mantissa = (data[0] & 3) << 16 | data[1] << 8 | data[2];
    if (exponent >= 40) return most;
    return mantissa > most >> exponent ? most : mantissa << exponent;
}

/* Note report blocks and REMB; true when there is nothing else in the compound (plane/reports.py). */
static bool read_reports(struct transport *transport, const uint8_t *data, size_t size, int64_t now_us) {
    bool alone = true;
    for (size_t offset = 0; offset < size;) {
        if (offset + 8 > size || data[offset] >> 6 != 2) return false;
        size_t end = offset + 4 + 4 * (size_t)read16(data + offset + 2);
        if (end > size || end < offset + 8) return false;
        size_t count = data[offset] & 0x1F;
        uint8_t kind = data[offset + 1];
        if (kind == 201 && end >= offset + 8 + 24 * count) {
            for (size_t i = 0; i < count; i++) note_report(transport, data + offset + 8 + 24 * i, now_us);
        } else if (kind == 206 && count == 15 && end >= offset + 20 && !memcmp(data + offset + 12, "REMB", 4)) {
            transport->estimate = remb_rate(data + offset + 17);
        } else if (kind != 202) {
            alone = false;
        }
        offset = end;
    }
    return alone;
}

static void receive_rtcp(struct plane *plane, struct transport *transport, uint8_t *data, size_t size, int64_t now_us) {
    if (size < 8) {
        COUNT(drop_malformed_rtcp);
        return;
    }
    uint32_t ssrc = read32(data + 4);
    if (!may_use(plane, transport, ssrc)) {
        COUNT(drop_ssrc_limit);
        return;
    }
    int length = (int)size;
    if (plane->unprotect_rtcp(transport->inbound, data, &length)) {
        COUNT(drop_srtcp);
        return;
    }
    authenticated(transport, ssrc, size, now_us);
    COUNT(rx_rtcp);
    if (read_reports(transport, data, (size_t)length, now_us)) {
        COUNT(rx_reports);
        return;
    }
    struct event event = {.kind = E_RTCP, .now_us = now_us, .transport = transport->id};
    add_event(plane, event, data, (size_t)length);
}

static bool has_mid(const struct stream *stream, const struct parsed *packet) {
    for (int i = 0; i < packet->n_elements; i++) {
        const struct element *element = &packet->elements[i];
        if (element->id == stream->mid_extension && element->length == stream->mid_length &&
            !memcmp(packet->data + element->offset, stream->mid, stream->mid_length))
            return true;
    }
    return false;
}

/* Find the stream of a new SSRC: RTX by its payload type, else by mid, else by payload type (RFC 9143 §9.2). */
static struct stream *bind_ssrc(struct plane *plane, struct transport *transport, const struct parsed *packet) {
    struct stream *repairing = NULL, *sending = NULL;
    int n_repairing = 0, n_sending = 0;
    bool by_mid = false;
    for (int i = 0; i < transport->streams.n && !by_mid; i++) {
        const struct stream *stream = transport->streams.items[i];
        by_mid = stream->mid_length && has_mid(stream, packet);
    }
    for (int i = 0; i < transport->streams.n; i++) {
        struct stream *stream = transport->streams.items[i];
        if (by_mid && !(stream->mid_length && has_mid(stream, packet))) continue;
        if (stream->repairs[packet->header.payload_type] != NO_PT) repairing = stream, n_repairing++;
        if (stream->codecs[packet->header.payload_type] != NO_PT) sending = stream, n_sending++;
    }
    uint32_t ssrc = packet->header.ssrc;
    if (n_repairing == 1) {
        if (repairing->has_rtx_ssrc) forget_ssrc(transport, repairing->rtx_ssrc, true);
        if (!set_ssrc(transport, ssrc, true, repairing)) return NULL;
        repairing->rtx_ssrc = ssrc;
        repairing->has_rtx_ssrc = true;
        return repairing;
    }
    if (n_sending == 1) {
        if (sending->has_ssrc) {
            forget_ssrc(transport, sending->ssrc, false);
            history_restart(&sending->history);
        }
        if (!set_ssrc(transport, ssrc, false, sending)) return NULL;
        sending->ssrc = ssrc;
        sending->has_ssrc = true;
        return sending;
    }
    COUNT(drop_unknown_ssrc);
    return NULL;
}

static void note_arrival(struct transport *transport, struct stream *stream, const struct parsed *packet, bool repaired) {
    for (int i = 0; i < packet->n_elements; i++) {
        const struct element *element = &packet->elements[i];
        const uint8_t *value = packet->data + element->offset;
        if (element->id == stream->send_time_extension && element->length == 3) {
            uint32_t sent = (uint32_t)value[0] << 16 | (uint32_t)value[1] << 8 | value[2];
            overuse_add(&transport->overuse, packet->now_us, sent, (uint32_t)packet->size);
        } else if (element->id == stream->level_extension && element->length >= 1 && !repaired) {
            stream->level_q8 += (((value[0] & 0x7F) << 8) - stream->level_q8) >> 3;
        }
    }
}

/* RFC 3550 A.8, scaled by 16. */
static void update_jitter(struct stream *stream, const struct header *header, int64_t now_us) {
    uint32_t transit = (uint32_t)ticks(now_us, stream->clock_rate) - header->timestamp;
    if (stream->has_transit) {
        int64_t difference = timestamp_delta(transit, stream->transit);
        if (difference < 0) difference = -difference;
        if (difference < 10 * stream->clock_rate) stream->jitter_q4 += difference - ((stream->jitter_q4 + 8) >> 4);
    }
    stream->transit = transit;
    stream->has_transit = true;
}

/* The stream's numbers begin anew: its routes have to find a new place to start. */
static void renumber(struct plane *plane, struct stream *stream, int64_t now_us) {
    COUNT(history_resets);
    stream->has_transit = false;
    for (int i = 0; i < stream->routes.n; i++) ((struct route *)stream->routes.items[i])->started = false;
    if (stream->routes.n && stream->has_keyframes) stream_event(plane, E_KEYFRAME_WANTED, stream, now_us);
}

static void touch(struct plane *plane, struct stream *stream, int64_t index, int64_t newest) {
    if (stream->n_pending == 0) {
        stream->reach = newest;
        if (plane->n_touched == plane->room_touched) {
            int room = plane->room_touched ? plane->room_touched * 2 : 64;
            struct stream **touched = realloc(plane->touched, (size_t)room * sizeof *touched);
            if (!touched) return; /* not forwarded, but still in the history for a NACK */
            plane->touched = touched;
            plane->room_touched = room;
        }
        plane->touched[plane->n_touched++] = stream;
    }
    stream->pending[stream->n_pending++] = index;
    if (stream->n_pending == stream->max_pending) fan_out(plane, stream);
}

/* Whether the ring keeps `index` where a packet is that has not been forwarded yet. */
static bool displaces_pending(const struct stream *stream, int64_t index) {
    for (int i = 0; i < stream->n_pending; i++)
        if (((stream->pending[i] ^ index) & stream->history.mask) == 0) return true;
    return false;
}

/* Into the history; what follows waits for `fan_out`. */
static enum put accept_packet(struct plane *plane, struct stream *stream, const struct parsed *packet, int64_t index,
                              bool repaired) {
    struct history *history = &stream->history;
    int64_t newest = history->highest, now_us = packet->now_us, overflow = history->gap_overflow;
    if (displaces_pending(stream, index) || (stream->n_pending && history_would_reset(history, index)))
        fan_out(plane, stream);
    enum put put = history_put(history, index, packet->data, packet->size, now_us);
    if (put != PUT_NEW && put != PUT_RESET) return put;
    stream->packets++;
    stream->bytes += (int64_t)packet->size;
    stream->last_us = now_us;
    if (stream->transport) { /* where the stream comes from, losses are noticed and repaired */
        COUNT(rx_rtp);
        plane->count[C_drop_gap_overflow] += history->gap_overflow - overflow;
        if (!repaired) update_jitter(stream, &packet->header, now_us);
    }
    if (put == PUT_RESET) renumber(plane, stream, now_us);
    if (stream->transport && newest < 0)
        stream_event(plane, E_BOUND, stream, now_us);
    else if (stream->transport && put == PUT_NEW && index > newest + 1)
        stream_event(plane, E_GAP, stream, now_us);
    uint8_t codec = stream->codecs[packet->header.payload_type];
    const struct header *header = &packet->header;
    if (codec != NO_PT && codec != CODEC_OTHER &&
        is_keyframe(codec, packet->data + header->payload, (size_t)(header->end - header->payload)) &&
        history_mark_keyframe(history, index, header->timestamp, now_us))
        stream->keyframes++;
    touch(plane, stream, index, put == PUT_RESET ? index : newest);
    return put;
}

/* The original packet inside a retransmission (RFC 4588 §4), in place: two bytes shorter from the front. */
static bool unwrap(struct plane *plane, struct stream *stream, struct parsed *packet, uint8_t *data) {
    struct header *header = &packet->header;
    if (!stream->has_ssrc) {
        COUNT(drop_rtx_unknown);
        return false;
    }
    if (header->end - header->payload < 2) {
        COUNT(drop_rtx_padding);
        return false;
    }
    COUNT(rx_rtx);
    uint8_t payload_type = stream->repairs[header->payload_type];
    uint16_t sequence = read16(data + header->payload);
    memmove(data + header->payload, data + header->payload + 2, packet->size - header->payload - 2);
    packet->size -= 2;
    data[1] = (uint8_t)((data[1] & 0x80) | payload_type);
    write16(data + 2, sequence);
    write32(data + 8, stream->ssrc);
    return parse_header(data, packet->size, header);
}

static void receive_rtp(struct plane *plane, struct transport *transport, uint8_t *data, size_t size, int64_t now_us) {
    if (size < 12) {
        COUNT(drop_malformed_rtp);
        return;
    }
    uint32_t ssrc = read32(data + 8);
    struct stream *stream = NULL, *repairing = NULL;
    for (int i = 0; i < transport->n_by_ssrc; i++)
        if (transport->by_ssrc[i].ssrc == ssrc)
            *(transport->by_ssrc[i].repairs ? &repairing : &stream) = transport->by_ssrc[i].stream;
    if (stream) {
        if (history_holds(&stream->history, history_index(&stream->history, read16(data + 2)))) {
            COUNT(drop_duplicate); /* refused before any decrypting */
            return;
        }
    } else if (!may_use(plane, transport, ssrc)) {
        COUNT(drop_ssrc_limit);
        return;
    }
    int length = (int)size;
    if (plane->unprotect(transport->inbound, data, &length)) {
        COUNT(drop_srtp);
        return;
    }
    authenticated(transport, ssrc, size, now_us);
    struct parsed *packet = &plane->received;
    packet->data = data;
    packet->size = (size_t)length;
    packet->now_us = now_us;
    if (!parse_header(data, packet->size, &packet->header) ||
        (packet->n_elements = parse_elements(data, &packet->header, packet->elements)) < 0) {
        COUNT(drop_malformed_rtp);
        return;
    }
    if (!stream) stream = repairing ? repairing : bind_ssrc(plane, transport, packet);
    if (!stream) return;
    bool repaired = stream->repairs[packet->header.payload_type] != NO_PT;
    note_arrival(transport, stream, packet, repaired);
    if (repaired) {
        if (!unwrap(plane, stream, packet, data)) return;
    } else if (stream->codecs[packet->header.payload_type] == NO_PT || !stream->has_ssrc || ssrc != stream->ssrc) {
        COUNT(drop_payload_type);
        return;
    }
    int64_t index = history_index(&stream->history, packet->header.sequence);
    enum put put = accept_packet(plane, stream, packet, index, repaired);
    if (put == PUT_DUPLICATE) COUNT(drop_duplicate);
    if (put == PUT_TOO_OLD) COUNT(drop_too_old);
}

void receive_relayed(struct plane *plane, int64_t id, int64_t index, int64_t now_us, const uint8_t *data, size_t size) {
    struct stream *stream = plane_stream(plane, id);
    struct parsed *packet = &plane->received;
    enum put put = PUT_TOO_OLD;
    packet->data = data;
    packet->size = size;
    packet->now_us = now_us;
    if (stream && !stream->transport && parse_header(data, size, &packet->header) &&
        (packet->n_elements = parse_elements(data, &packet->header, packet->elements)) >= 0)
        put = accept_packet(plane, stream, packet, index, false);
    plane->count[put == PUT_NEW || put == PUT_RESET ? C_rx_relayed : C_drop_relay_stale]++;
}

static void answer_consent(struct plane *plane, struct transport *transport, const uint8_t *data, int64_t now_us) {
    uint8_t answer[80];
    COUNT(rx_consent);
    transport->consent_us = now_us;
    send_raw(plane, &transport->address, answer,
             consent_answer(&transport->consent, data, &transport->address, answer));
}

void receive(struct plane *plane, uint8_t *data, size_t size, const struct address *from, int64_t now_us) {
    COUNT(rx_datagrams);
    plane->count[C_rx_bytes] += (int64_t)size;
    if (size == 0) {
        COUNT(drop_empty);
        return;
    }
    if (data[0] >= 128 && data[0] <= 191) { /* the commonest first */
        if (size > (size_t)plane->settings.max_datagram) {
            COUNT(drop_too_long);
            return;
        }
        struct transport *transport = table_get(&plane->by_address, from, sizeof *from);
        if (!transport)
            COUNT(drop_unknown_address);
        else if (size > 1 && data[1] >= 192 && data[1] <= 223) /* RFC 5761 §4 */
            receive_rtcp(plane, transport, data, size, now_us);
        else
            receive_rtp(plane, transport, data, size, now_us);
        return;
    }
    struct event event = {.now_us = now_us, .has_address = true, .address = *from};
    struct transport *transport = table_get(&plane->by_address, from, sizeof *from);
    if (data[0] <= 3) {
        if (transport && is_consent(&transport->consent, data, size)) {
            answer_consent(plane, transport, data, now_us);
            return;
        }
        COUNT(rx_stun);
        event.kind = E_STUN;
    } else if (data[0] >= 20 && data[0] <= 63) {
        COUNT(rx_dtls);
        event.kind = E_DTLS;
        event.transport = transport ? transport->id : 0;
    } else {
        COUNT(drop_first_byte);
        return;
    }
    add_event(plane, event, data, size);
}

void flush(struct plane *plane) {
    for (int i = 0; i < plane->n_touched; i++) fan_out(plane, plane->touched[i]);
    plane->n_touched = 0;
    plane->send(plane);
}
