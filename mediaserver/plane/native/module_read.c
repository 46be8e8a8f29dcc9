/* What control reads. Everything is copied out under the lock and made into Python objects after it. */
#include <stdlib.h>
#include <string.h>

#include "module.h"

/* A list of `n` items; `build` makes the one at `i`. Takes over `copy`. */
static PyObject *build_list(void *copy, Py_ssize_t n, PyObject *(*build)(const void *copy, Py_ssize_t i)) {
    PyObject *list = PyList_New(n);
    for (Py_ssize_t i = 0; list && i < n; i++) {
        PyObject *item = build(copy, i);
        if (!item || PyList_SetItem(list, i, item)) Py_CLEAR(list); /* which takes the item over in any case */
    }
    free(copy);
    return list;
}

/* ---------------------------------------------------------------- gaps */

static PyObject *gap_tuple(const void *copy, Py_ssize_t i) {
    const struct gap *gap = (const struct gap *)copy + i;
    return Py_BuildValue("LL", (long long)gap->index, (long long)gap->noticed_us);
}

PyObject *py_missing(PyObject *object, PyObject *args) {
    struct loop *loop = loop_of_object(object);
    struct visit visit;
    long long id;
    if (!loop || !PyArg_ParseTuple(args, "L", &id)) return NULL;
    const struct stream *stream = plane_stream(enter(loop, &visit), id);
    int n = stream ? stream->history.n_gaps : 0;
    struct gap *gaps = malloc(((size_t)n + 1) * sizeof *gaps);
    if (gaps && n) memcpy(gaps, stream->history.gaps, (size_t)n * sizeof *gaps);
    leave(&visit);
    return gaps ? build_list(gaps, n, gap_tuple) : PyErr_NoMemory();
}

/* ---------------------------------------------------------------- the tap */

struct reading { /* of packets; their bytes follow the last of `packets` */
    int n;
    struct {
        int64_t index, now_us;
        uint32_t offset;
        uint16_t size;
    } packets[];
};

/* NULL when memory is short. Two walks: the second knows how much there is. */
static struct reading *copy_history(const struct history *history, int64_t after, int limit) {
    int64_t first = 0, end = 0;
    int n = 0;
    size_t bytes = 0;
    if (history && history->highest >= 0) {
        first = end = history_oldest(history);
        if (after >= 0 && after + 1 > first) first = end = after + 1;
        for (; end <= history->highest && n < limit; end++) {
            const struct kept *kept = history_get(history, end);
            if (kept) n++, bytes += kept->size;
        }
    }
    size_t at = sizeof(struct reading) + (size_t)n * sizeof((struct reading *)0)->packets[0];
    struct reading *reading = malloc(at + bytes);
    if (!reading) return NULL;
    reading->n = 0;
    for (int64_t index = first; index < end; index++) {
        const struct kept *kept = history_get(history, index);
        if (!kept) continue;
        memcpy((uint8_t *)reading + at, kept->packet, kept->size);
        reading->packets[reading->n].index = index;
        reading->packets[reading->n].now_us = kept->now_us;
        reading->packets[reading->n].offset = (uint32_t)at;
        reading->packets[reading->n++].size = kept->size;
        at += kept->size;
    }
    return reading;
}

static PyObject *packet_tuple(const void *copy, Py_ssize_t i) {
    const struct reading *reading = copy;
    return Py_BuildValue("LLy#", (long long)reading->packets[i].index, (long long)reading->packets[i].now_us,
                         (const char *)copy + reading->packets[i].offset, (Py_ssize_t)reading->packets[i].size);
}

PyObject *py_read_history(PyObject *object, PyObject *args) {
    struct loop *loop = loop_of_object(object);
    struct visit visit;
    long long id, after;
    int limit;
    if (!loop || !PyArg_ParseTuple(args, "LLi", &id, &after, &limit)) return NULL;
    const struct stream *stream = plane_stream(enter(loop, &visit), id);
    struct reading *reading = copy_history(stream ? &stream->history : NULL, after, limit);
    leave(&visit);
    return reading ? build_list(reading, reading->n, packet_tuple) : PyErr_NoMemory();
}

enum { TAPPED = 18 }; /* bytes before each packet: index, arrival, length, little-endian */

struct piece {
    int64_t first, end; /* indexes to walk, holes among them */
    int64_t last, missed;
    size_t bytes;
    int n;
};

/* What a tap is given, without looking into packets; see `Readable.tap`. */
static struct piece measure_piece(const struct history *history, int64_t after, int limit, int64_t settled_us) {
    struct piece piece = {0};
    if (!history || history->highest < 0) return piece;
    int64_t oldest = history_oldest(history);
    int64_t follows = after < 0 ? oldest : after >= history->base ? after + 1 : history->base;
    int64_t expected = follows > oldest ? follows : oldest;
    piece.first = piece.end = expected;
    for (int64_t index = expected; index <= history->highest; index++) {
        const struct kept *kept = history_get(history, index);
        if (!kept) continue;
        if (piece.n >= limit || (index != expected && kept->now_us > settled_us)) break;
        piece.n++, piece.bytes += TAPPED + kept->size;
        piece.last = index;
        expected = piece.end = index + 1;
    }
    if (piece.n && oldest > follows) piece.missed = oldest - follows;
    return piece;
}

static uint8_t *write_le(uint8_t *at, uint64_t value, int bytes) {
    for (int i = 0; i < bytes; i++) *at++ = (uint8_t)(value >> 8 * i);
    return at;
}

PyObject *py_tap(PyObject *object, PyObject *args) {
    struct loop *loop = loop_of_object(object);
    struct visit visit;
    long long id, after, settled_us;
    int limit;
    if (!loop || !PyArg_ParseTuple(args, "LLiL", &id, &after, &limit, &settled_us)) return NULL;
    const struct stream *stream = plane_stream(enter(loop, &visit), id);
    const struct history *history = stream ? &stream->history : NULL;
    struct piece piece = measure_piece(history, after, limit, settled_us);
    uint8_t *copy = malloc(piece.bytes + 1), *at = copy;
    for (int64_t index = piece.first; copy && index < piece.end; index++) {
        const struct kept *kept = history_get(history, index);
        if (!kept) continue;
        at = write_le(at, (uint64_t)index, 8);
        at = write_le(at, (uint64_t)kept->now_us, 8);
        at = write_le(at, kept->size, 2);
        memcpy(at, kept->packet, kept->size);
        at += kept->size;
    }
    leave(&visit);
    if (!copy) return PyErr_NoMemory();
    PyObject *result = Py_BuildValue("y#iLL", (const char *)copy, (Py_ssize_t)piece.bytes, piece.n,
                                     (long long)piece.last, (long long)piece.missed);
    free(copy);
    return result;
}

/* ---------------------------------------------------------------- statistics */

PyObject *py_stream_stats(PyObject *object, PyObject *args) {
    struct loop *loop = loop_of_object(object);
    struct visit visit;
    long long id;
    if (!loop || !PyArg_ParseTuple(args, "L", &id)) return NULL;
    const struct stream *stream = plane_stream(enter(loop, &visit), id);
    struct stream copy = {0};
    long long expected = 0;
    if (stream) copy = *stream, expected = history_expected(&stream->history);
    leave(&visit);
    if (!stream) Py_RETURN_NONE;
    long long highest = copy.history.highest > FIRST_INDEX ? copy.history.highest - FIRST_INDEX : 0;
    return Py_BuildValue("LLLLLLLiLL", copy.has_ssrc ? (long long)copy.ssrc : -1LL, (long long)copy.packets,
                         (long long)copy.bytes, expected, highest, (long long)(copy.jitter_q4 >> 4),
                         (long long)copy.last_us, (int)(copy.level_q8 >> 8), (long long)copy.keyframes,
                         (long long)copy.history.keyframe_us);
}

PyObject *py_route_stats(PyObject *object, PyObject *args) {
    struct loop *loop = loop_of_object(object);
    struct visit visit;
    long long id;
    if (!loop || !PyArg_ParseTuple(args, "L", &id)) return NULL;
    const struct route *route = plane_route(enter(loop, &visit), id);
    struct route copy = {0};
    if (route) copy = *route;
    leave(&visit);
    if (!route) Py_RETURN_NONE;
    return Py_BuildValue("LLLOIIIIL", (long long)copy.packets, (long long)copy.octets, (long long)copy.retransmitted,
                         copy.started ? Py_True : Py_False, copy.fraction_lost, copy.jitter, copy.lsr, copy.dlsr,
                         (long long)copy.reported_us);
}

PyObject *py_transport_stats(PyObject *object, PyObject *args) {
    struct loop *loop = loop_of_object(object);
    struct visit visit;
    long long id;
    if (!loop || !PyArg_ParseTuple(args, "L", &id)) return NULL;
    const struct transport *transport = plane_transport(enter(loop, &visit), id);
    struct transport copy = {0};
    if (transport) copy = *transport;
    leave(&visit);
    if (!transport) Py_RETURN_NONE;
    return Py_BuildValue("LLLLLLLLL", (long long)copy.last_us, (long long)copy.rx_packets, (long long)copy.rx_bytes,
                         (long long)copy.tx_packets, (long long)copy.tx_bytes, (long long)copy.estimate,
                         (long long)copy.consent_us, (long long)copy.overuse.overused_us,
                         (long long)copy.overuse.overused_rate);
}

static const char *const counter_names[] = {
#define X(name) #name,
    COUNTERS(X)
#undef X
};

PyObject *py_counters(PyObject *object, PyObject *unused) {
    struct loop *loop = loop_of_object(object);
    struct visit visit;
    int64_t copy[N_COUNTERS];
    (void)unused;
    if (!loop) return NULL;
    memcpy(copy, enter(loop, &visit)->count, sizeof copy);
    leave(&visit);
    PyObject *dictionary = PyDict_New();
    for (int i = 0; dictionary && i < N_COUNTERS; i++) {
        PyObject *value = PyLong_FromLongLong(copy[i]);
        if (!value || PyDict_SetItemString(dictionary, counter_names[i], value)) Py_CLEAR(dictionary);
        Py_XDECREF(value);
    }
    return dictionary;
}
