/* What control writes into the tables, and takes out of them. */
#include "relay.h"

#include <stdlib.h>
#include <string.h>

static void no_send(struct plane *plane) { plane->n_outbox = 0; }

struct plane *plane_new(const struct settings *settings) {
    struct plane *plane = calloc(1, sizeof *plane);
    if (!plane) return NULL;
    plane->settings = *settings;
    plane->send = no_send;
    plane->outbox = aligned_alloc(16, sizeof *plane->outbox * MAX_OUTBOX);
    if (!plane->outbox) {
        free(plane);
        return NULL;
    }
    return plane;
}

struct transport *plane_transport(struct plane *plane, int64_t id) { return table_get(&plane->transports, &id, sizeof id); }
struct stream *plane_stream(struct plane *plane, int64_t id) { return table_get(&plane->streams, &id, sizeof id); }
struct route *plane_route(struct plane *plane, int64_t id) { return table_get(&plane->routes, &id, sizeof id); }

/* ---------------------------------------------------------------- transports */

static void free_transport(struct transport *transport) {
    free(transport->streams.items);
    free(transport->routes.items);
    free(transport->by_ssrc);
    free(transport->ssrcs);
    free(transport);
}

bool add_transport(struct plane *plane, int64_t id, const struct address *address, void *inbound, void *outbound) {
    remove_transport(plane, id);
    struct transport *transport = calloc(1, sizeof *transport);
    if (!transport) return false;
    transport->id = id;
    transport->address = *address;
    transport->inbound = inbound;
    transport->outbound = outbound;
    if (!table_set(&plane->transports, &id, sizeof id, transport)) {
        free_transport(transport);
        return false;
    }
    if (table_set(&plane->by_address, address, sizeof *address, transport)) return true;
    remove_transport(plane, id); /* its contexts live no longer than this call when it fails */
    return false;
}

static void forget_address(struct plane *plane, struct transport *transport) {
    if (table_get(&plane->by_address, &transport->address, sizeof transport->address) == transport)
        table_remove(&plane->by_address, &transport->address, sizeof transport->address);
}

void move_transport(struct plane *plane, int64_t id, const struct address *address) {
    struct transport *transport = plane_transport(plane, id);
    if (!transport) return;
    forget_address(plane, transport);
    transport->address = *address;
    table_set(&plane->by_address, address, sizeof *address, transport);
}

void set_consent(struct plane *plane, int64_t id, const struct consent *consent) {
    struct transport *transport = plane_transport(plane, id);
    if (transport) transport->consent = *consent;
}

void remove_transport(struct plane *plane, int64_t id) {
    struct transport *transport = plane_transport(plane, id);
    if (!transport) return;
    while (transport->routes.n) remove_route(plane, ((struct route *)transport->routes.items[0])->id);
    while (transport->streams.n) remove_stream(plane, ((struct stream *)transport->streams.items[0])->id);
    forget_address(plane, transport);
    table_remove(&plane->transports, &id, sizeof id);
    free_transport(transport);
}

void forget_ssrc(struct transport *transport, uint32_t ssrc, bool repairs) {
    for (int i = 0; i < transport->n_by_ssrc; i++)
        if (transport->by_ssrc[i].ssrc == ssrc && transport->by_ssrc[i].repairs == repairs)
            transport->by_ssrc[i--] = transport->by_ssrc[--transport->n_by_ssrc];
}

bool set_ssrc(struct transport *transport, uint32_t ssrc, bool repairs, struct stream *stream) {
    forget_ssrc(transport, ssrc, repairs);
    if (transport->n_by_ssrc == transport->room_by_ssrc) {
        int room = transport->room_by_ssrc ? transport->room_by_ssrc * 2 : 8;
        struct ssrc_entry *entries = realloc(transport->by_ssrc, (size_t)room * sizeof *entries);
        if (!entries) return false;
        transport->by_ssrc = entries;
        transport->room_by_ssrc = room;
    }
    transport->by_ssrc[transport->n_by_ssrc++] = (struct ssrc_entry){ssrc, repairs, stream};
    return true;
}

/* ---------------------------------------------------------------- streams */

static void free_stream(struct stream *stream) {
    history_free(&stream->history);
    relay_stop_all(stream);
    free(stream->routes.items);
    free(stream);
}

/* Streams of a transport stay in the order of their ids, as `bind_ssrc` tries them. */
static void sort_streams(struct list *streams) {
    for (int i = streams->n - 1; i > 0; i--) {
        struct stream *later = streams->items[i], *earlier = streams->items[i - 1];
        if (earlier->id <= later->id) break;
        streams->items[i] = earlier;
        streams->items[i - 1] = later;
    }
}

bool add_stream(struct plane *plane, const struct stream *spec, bool video, int64_t transport_id) {
    struct transport *transport = plane_transport(plane, transport_id);
    if (!transport && transport_id) return false;
    remove_stream(plane, spec->id);
    struct stream *stream = malloc(sizeof *stream);
    if (!stream) return false;
    *stream = *spec;
    stream->transport = transport_id ? transport : NULL;
    stream->level_q8 = 127 << 8;
    int size = video ? plane->settings.video_history : plane->settings.audio_history;
    stream->max_pending = size / 2 < MAX_PENDING ? size / 2 : MAX_PENDING;
    if (!history_init(&stream->history, size, plane->settings.max_gaps) ||
        !table_set(&plane->streams, &stream->id, sizeof stream->id, stream)) {
        free_stream(stream);
        return false;
    }
    if (!stream->transport) return true;
    if (!list_add(&transport->streams, stream)) {
        table_remove(&plane->streams, &stream->id, sizeof stream->id);
        free_stream(stream);
        return false;
    }
    sort_streams(&transport->streams);
    return (!stream->has_ssrc || set_ssrc(transport, stream->ssrc, false, stream)) &&
           (!stream->has_rtx_ssrc || set_ssrc(transport, stream->rtx_ssrc, true, stream));
}

void remove_stream(struct plane *plane, int64_t id) {
    struct stream *stream = plane_stream(plane, id);
    if (!stream) return;
    for (int i = 0; i < stream->routes.n; i++) {
        struct route *route = stream->routes.items[i];
        route->stream = NULL;
        route->started = false;
        route_silence(route);
    }
    struct transport *transport = stream->transport;
    for (int i = 0; transport && i < transport->n_by_ssrc; i++)
        if (transport->by_ssrc[i].stream == stream) transport->by_ssrc[i--] = transport->by_ssrc[--transport->n_by_ssrc];
    if (transport) list_remove(&transport->streams, stream);
    for (int i = 0; i < plane->n_touched; i++)
        if (plane->touched[i] == stream) plane->touched[i--] = plane->touched[--plane->n_touched];
    table_remove(&plane->streams, &id, sizeof id);
    free_stream(stream);
}

/* ---------------------------------------------------------------- routes */

static struct route *new_route(struct plane *plane, const struct route *spec, struct transport *transport) {
    struct route *route = malloc(sizeof *route);
    if (!route) return NULL;
    *route = *spec;
    route->transport = transport;
    if (!table_set(&plane->routes, &route->id, sizeof route->id, route)) {
        free(route);
        return NULL;
    }
    if (!list_add(&transport->routes, route)) {
        table_remove(&plane->routes, &route->id, sizeof route->id);
        free(route);
        return NULL;
    }
    return route;
}

/* `spec` holds what control writes and the numbers a new route starts with; the rest of it is zero. */
static void take_spec(struct route *route, const struct route *spec) {
    route->ssrc = spec->ssrc;
    route->rtx_ssrc = spec->rtx_ssrc;
    route->has_rtx_ssrc = spec->has_rtx_ssrc;
    route->n_constants = spec->n_constants;
    route->send_time_extension = spec->send_time_extension;
    route->cname_length = spec->cname_length;
    memcpy(route->payload_types, spec->payload_types, sizeof route->payload_types);
    memcpy(route->rtx_payload_types, spec->rtx_payload_types, sizeof route->rtx_payload_types);
    memcpy(route->extensions, spec->extensions, sizeof route->extensions);
    memcpy(route->constants, spec->constants, sizeof route->constants);
    memcpy(route->cname, spec->cname, sizeof route->cname);
}

bool set_route(struct plane *plane, const struct route *spec, int64_t transport_id, int64_t stream_id, int64_t now_us) {
    struct route *route = plane_route(plane, spec->id);
    if (!route) {
        struct transport *transport = plane_transport(plane, transport_id);
        if (!transport) return true;
        route = new_route(plane, spec, transport);
        if (!route) return false;
    }
    take_spec(route, spec);
    struct stream *stream = stream_id >= 0 ? plane_stream(plane, stream_id) : NULL;
    if (stream == route->stream) return true;
    if (route->stream) list_remove(&route->stream->routes, route);
    route->stream = NULL;
    route->started = false;
    route_silence(route);
    if (!stream) return true;
    if (!list_add(&stream->routes, route)) return false;
    route->stream = stream;
    if (stream->has_keyframes) {
        route_start(plane, route, -1, now_us);
        if (!route->started) {
            struct event event = {.kind = E_KEYFRAME_WANTED, .now_us = now_us,
                                  .transport = stream_transport(stream), .stream = stream->id};
            add_event(plane, event, NULL, 0);
        }
    }
    return true;
}

void remove_route(struct plane *plane, int64_t id) {
    struct route *route = plane_route(plane, id);
    if (!route) return;
    list_remove(&route->transport->routes, route);
    if (route->stream) list_remove(&route->stream->routes, route);
    route_silence(route);
    table_remove(&plane->routes, &id, sizeof id);
    free(route);
}

/* ---------------------------------------------------------------- all of it */

static void transport_id(void *value, void *context) { *(int64_t *)context = ((struct transport *)value)->id; }
static void stream_id(void *value, void *context) { *(int64_t *)context = ((struct stream *)value)->id; }

void plane_clear(struct plane *plane) {
    while (plane->transports.used) {
        int64_t id = 0;
        table_each(&plane->transports, transport_id, &id);
        remove_transport(plane, id);
    }
    while (plane->streams.used) { /* mirrors */
        int64_t id = 0;
        table_each(&plane->streams, stream_id, &id);
        remove_stream(plane, id);
    }
    for (int i = 0; i < plane->n_events; i++) free(plane->events[i].data);
    plane->n_events = plane->n_touched = plane->n_outbox = 0;
}

void plane_free(struct plane *plane) {
    plane_clear(plane);
    table_free(&plane->transports);
    table_free(&plane->streams);
    table_free(&plane->routes);
    table_free(&plane->by_address);
    free(plane->touched);
    free(plane->events);
    free(plane->outbox);
    free(plane);
}
