/* What must be true of a plane whenever control or the thread has let go of it. */
#include "fuzz.h"

struct view { /* of a table being walked */
    const struct plane *plane;
    size_t seen;
};

static int times_in(const struct list *list, const void *item) {
    int n = 0;
    for (int i = 0; i < list->n; i++) n += list->items[i] == item;
    return n;
}

static void check_arena(const struct arena *arena) {
    size_t live = 0;
    int32_t used = 0, unused = 0;
    for (int32_t i = 0; i < arena->n_touched; i++) {
        live += arena->chunks[i].live;
        used += arena->chunks[i].live || i == arena->head;
    }
    for (int32_t i = arena->free; i >= 0; i = arena->chunks[i].next) {
        REQUIRE(i != arena->head && !arena->chunks[i].live);
        unused++;
    }
    REQUIRE(live == arena->live && used == arena->n_used && used + unused == arena->n_touched);
    REQUIRE((uint8_t *)arena->chunks >= arena->memory + (size_t)arena->n_touched * CHUNK);
}

void check_history(const struct history *history) {
    check_arena(&history->arena);
    REQUIRE(history->n_gaps >= 0 && history->n_gaps <= history->max_gaps);
    for (int i = 0; i < history->n_gaps; i++) {
        int64_t index = history->gaps[i].index;
        REQUIRE(!history_holds(history, index));
        REQUIRE(index < history->highest && index >= history->highest - history->mask);
        REQUIRE(i == 0 || history->gaps[i - 1].index < index);
    }
    REQUIRE(history->keyframe <= history->highest);
    if (history->highest < 0) return;
    REQUIRE(history->base >= 0 && history->base <= history->highest);
    REQUIRE(history_holds(history, history->highest));
    for (int64_t i = 0; i <= history->mask; i++) {
        const struct slot *slot = &history->slots[i];
        if (slot->index < 0) continue;
        struct header header;
        struct element elements[MAX_ELEMENTS];
        REQUIRE((slot->index & history->mask) == i);
        REQUIRE(slot->index <= history->highest && slot->index >= history->base);
        const struct kept *packet = history_get(history, slot->index);
        REQUIRE(packet->index == slot->index && packet->size == slot->size);
        REQUIRE(parse_header(packet->packet, packet->size, &header));
        REQUIRE(parse_elements(packet->packet, &header, elements) >= 0);
        REQUIRE(header.sequence == (uint16_t)slot->index);
    }
}

void check_overuse(const struct overuse *path) {
    int64_t total = 0;
    for (int i = 0; i < WINDOW_BUCKETS; i++) total += path->window.bytes[i];
    REQUIRE(total == path->window.total);
    REQUIRE(path->overused_us >= 0 && path->overused_rate >= 0);
    if (!path->has_group) return;
    REQUIRE(path->jitter >= 1 && path->variance > 0 && path->variance < 1); /* and so not NaN */
    REQUIRE(path->threshold >= 10 && path->threshold <= 600);
    REQUIRE(path->trend > -1e4 && path->trend < 1e4 && path->above_ms >= 0);
}

static void check_transport(void *value, void *context) {
    struct view *view = context;
    const struct transport *transport = value;
    view->seen++;
    REQUIRE(table_get(&view->plane->transports, &transport->id, sizeof transport->id) == transport);
    check_overuse(&transport->overuse);
    for (int i = 0; i < transport->streams.n; i++) {
        const struct stream *stream = transport->streams.items[i];
        REQUIRE(stream->transport == transport && times_in(&transport->streams, stream) == 1);
        REQUIRE(i == 0 || ((const struct stream *)transport->streams.items[i - 1])->id < stream->id);
    }
    for (int i = 0; i < transport->routes.n; i++)
        REQUIRE(((const struct route *)transport->routes.items[i])->transport == transport);
    for (int i = 0; i < transport->n_by_ssrc; i++) {
        const struct ssrc_entry *entry = &transport->by_ssrc[i];
        REQUIRE(times_in(&transport->streams, entry->stream) == 1);
        for (int k = 0; k < i; k++)
            REQUIRE(transport->by_ssrc[k].ssrc != entry->ssrc || transport->by_ssrc[k].repairs != entry->repairs);
    }
}

static void check_stream(void *value, void *context) {
    struct view *view = context;
    const struct stream *stream = value;
    view->seen++;
    REQUIRE(!stream->transport || times_in(&stream->transport->streams, stream) == 1);
    REQUIRE(stream->n_pending >= 0 && stream->n_pending < stream->max_pending);
    if (!view->plane->n_touched) REQUIRE(!stream->n_pending);
    REQUIRE(stream->jitter_q4 >= 0 && stream->level_q8 >= 0 && stream->level_q8 <= 127 << 8);
    for (int i = 0; i < stream->routes.n; i++)
        REQUIRE(((const struct route *)stream->routes.items[i])->stream == stream);
    check_history(&stream->history);
}

static void check_route(void *value, void *context) {
    struct view *view = context;
    const struct route *route = value;
    view->seen++;
    REQUIRE(times_in(&route->transport->routes, route) == 1);
    REQUIRE(!route->stream || times_in(&route->stream->routes, route) == 1);
    REQUIRE(!route->started || route->stream);
    REQUIRE(!route->n_retimed == !route->retimed_from && !route->n_retimed == !route->retimed_to);
}

static void check_address(void *value, void *context) {
    struct view *view = context;
    const struct transport *transport = value;
    view->seen++;
    REQUIRE(table_get(&view->plane->transports, &transport->id, sizeof transport->id) == transport);
    REQUIRE(table_get(&view->plane->by_address, &transport->address, sizeof transport->address) == transport);
}

static void check_table(const struct plane *plane, const struct table *table, void (*visit)(void *, void *)) {
    struct view view = {plane, 0};
    table_each(table, visit, &view);
    REQUIRE(view.seen == table->used);
}

/* Every datagram ends as exactly one of these. */
static void check_outcomes(const int64_t *count) {
    static const enum counter outcomes[] = {
        C_rx_stun, C_rx_dtls, C_rx_rtcp, C_rx_rtp, C_drop_empty, C_drop_too_long, C_drop_first_byte,
        C_drop_unknown_address, C_drop_malformed_rtp, C_drop_malformed_rtcp, C_drop_srtp, C_drop_srtcp,
        C_drop_ssrc_limit, C_drop_unknown_ssrc, C_drop_payload_type, C_drop_duplicate, C_drop_too_old,
        C_drop_rtx_padding, C_drop_rtx_unknown,
    };
    int64_t sum = 0;
    for (size_t i = 0; i < sizeof outcomes / sizeof *outcomes; i++) sum += count[outcomes[i]];
    REQUIRE(sum == count[C_rx_datagrams]);
    for (int i = 0; i < N_COUNTERS; i++) REQUIRE(count[i] >= 0);
}

void check_plane(const struct plane *plane) {
    check_table(plane, &plane->transports, check_transport);
    check_table(plane, &plane->streams, check_stream);
    check_table(plane, &plane->routes, check_route);
    check_table(plane, &plane->by_address, check_address);
    check_outcomes(plane->count);
    REQUIRE(plane->n_events <= plane->settings.max_events);
    REQUIRE(plane->n_outbox <= MAX_OUTBOX);
}

/* Whatever leaves is well formed. */
static void check_outbox(struct plane *plane) {
    for (int i = 0; i < plane->n_outbox; i++) {
        const struct out *out = &plane->outbox[i];
        struct header header;
        struct element elements[MAX_ELEMENTS];
        REQUIRE(out->size <= MAX_OUT && out->address.family);
        if (out->size < 12 || out->data[0] >> 6 != 2 || (out->data[1] >= 192 && out->data[1] <= 223)) continue;
        REQUIRE(out->size <= plane->settings.max_datagram + TAG);
        REQUIRE(parse_header(out->data, out->size - (size_t)TAG, &header));
        REQUIRE(parse_elements(out->data, &header, elements) >= 0);
    }
    plane->n_outbox = 0;
}

struct plane *make_plane(void) {
    struct settings settings = {
        .video_history = 64, .audio_history = 16, .replay_max_packets = 24, .replay_max_age_us = 2000000, .max_ssrcs = 6,
        .max_gaps = 8, .max_datagram = 1500, .max_events = 50, .batch = 64,
    };
    struct plane *plane = plane_new(&settings);
    REQUIRE(plane);
    plane->send = check_outbox;
    plane->protect = fake_protect;
    plane->unprotect = fake_unprotect;
    plane->protect_rtcp = fake_protect_rtcp;
    plane->unprotect_rtcp = fake_unprotect_rtcp;
    return plane;
}

void end_plane(struct plane *plane) {
    plane_clear(plane);
    REQUIRE(!plane->transports.used && !plane->streams.used && !plane->routes.used && !plane->by_address.used);
    plane_free(plane);
}
