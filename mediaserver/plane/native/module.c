/* Python's side of the compiled plane: one type whose methods are those of plane/interface.py in plain tuples.
 *
 * Only the limited API, so that one build serves every Python from 3.11 on. Whoever waits for the plane's lock
 * lets other Python threads run meanwhile; the media thread itself never asks for the interpreter. */
#define PY_SSIZE_T_CLEAN
#define Py_LIMITED_API 0x030B0000
#include <Python.h>

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "loop.h"

typedef struct {
    PyObject_HEAD
    struct loop *loop;
} PlaneObject;

static struct plane *enter(PlaneObject *self) {
    PyThreadState *state = PyEval_SaveThread();
    loop_lock(self->loop);
    PyEval_RestoreThread(state);
    flush(self->loop->plane);
    return self->loop->plane;
}

static PyObject *leave(PlaneObject *self, bool ok) {
    if (ok) flush(self->loop->plane);
    loop_unlock(self->loop);
    if (!ok) return PyErr_NoMemory();
    Py_RETURN_NONE;
}

static bool is_open(PlaneObject *self) {
    if (self->loop) return true;
    PyErr_SetString(PyExc_RuntimeError, "the plane is closed");
    return false;
}

/* ---------------------------------------------------------------- addresses: (socket, (host, port[, flow, scope])) */

static bool read_address(PyObject *value, struct address *address) {
    int socket, port;
    unsigned flow = 0, scope = 0;
    const char *host;
    PyObject *peer;
    memset(address, 0, sizeof *address);
    if (!PyArg_ParseTuple(value, "iO", &socket, &peer) ||
        !PyArg_ParseTuple(peer, "si|II", &host, &port, &flow, &scope))
        return false;
    address->socket = (uint16_t)socket;
    address->port = (uint16_t)port;
    if (strchr(host, ':')) {
        char plain[INET6_ADDRSTRLEN] = {0};
        strncpy(plain, host, sizeof plain - 1);
        plain[strcspn(plain, "%")] = 0;
        address->family = AF_INET6;
        address->flow = flow;
        address->scope = scope;
        if (inet_pton(AF_INET6, plain, address->ip) == 1) return true;
    } else {
        address->family = AF_INET;
        if (inet_pton(AF_INET, host, address->ip) == 1) return true;
    }
    PyErr_Format(PyExc_ValueError, "%s is not an IP address", host);
    return false;
}

static PyObject *write_address(const struct address *address) {
    char host[INET6_ADDRSTRLEN];
    inet_ntop(address->family, address->ip, host, sizeof host);
    if (address->family == AF_INET) return Py_BuildValue("i(si)", address->socket, host, address->port);
    return Py_BuildValue("i(siII)", address->socket, host, address->port, address->flow, address->scope);
}

/* ---------------------------------------------------------------- life */

static int plane_init(PyObject *object, PyObject *args, PyObject *keywords) {
    PlaneObject *self = (PlaneObject *)object;
    struct settings settings;
    unsigned long long protect, unprotect, protect_rtcp, unprotect_rtcp;
    long long age;
    (void)keywords;
    if (!PyArg_ParseTuple(args, "iiiLiiiiiiKKKK", &settings.video_history, &settings.audio_history,
                          &settings.replay_max_packets, &age, &settings.max_ssrcs, &settings.max_gaps,
                          &settings.max_arrivals, &settings.max_datagram, &settings.max_events, &settings.batch, &protect, &unprotect,
                          &protect_rtcp, &unprotect_rtcp))
        return -1;
    int sizes[] = {settings.video_history, settings.audio_history};
    for (int i = 0; i < 2; i++)
        if (sizes[i] < 2 || sizes[i] > 1 << 20 || sizes[i] & (sizes[i] - 1)) {
            PyErr_Format(PyExc_ValueError, "history size %d is not a power of two", sizes[i]);
            return -1;
        }
    if (self->loop || settings.max_ssrcs < 1 || settings.max_gaps < 1 || settings.max_arrivals < 1 ||
        settings.max_datagram < 1 || settings.max_datagram > 1500 || settings.max_events < 1 || settings.batch < 1) {
        PyErr_SetString(PyExc_ValueError, "a bound of the plane is out of range");
        return -1;
    }
    settings.replay_max_age_us = age;
    struct plane *plane = plane_new(&settings);
    if (plane) self->loop = loop_new(plane);
    if (!self->loop) {
        if (plane) plane_free(plane);
        PyErr_NoMemory();
        return -1;
    }
    plane->protect = (srtp_function)(uintptr_t)protect;
    plane->unprotect = (srtp_function)(uintptr_t)unprotect;
    plane->protect_rtcp = (srtp_function)(uintptr_t)protect_rtcp;
    plane->unprotect_rtcp = (srtp_function)(uintptr_t)unprotect_rtcp;
    return 0;
}

static PyObject *stop(PyObject *object, PyObject *unused) {
    PlaneObject *self = (PlaneObject *)object;
    (void)unused;
    if (self->loop) {
        PyThreadState *state = PyEval_SaveThread();
        loop_stop(self->loop);
        PyEval_RestoreThread(state);
        enter(self);
        plane_clear(self->loop->plane);
        self->loop->n_captured = 0;
        loop_unlock(self->loop);
    }
    Py_RETURN_NONE;
}

static void plane_dealloc(PyObject *object) {
    PlaneObject *self = (PlaneObject *)object;
    PyTypeObject *type = Py_TYPE(object);
    if (self->loop) {
        struct plane *plane = self->loop->plane;
        loop_free(self->loop);
        plane_free(plane);
    }
    freefunc release = (freefunc)PyType_GetSlot(type, Py_tp_free);
    release(object);
    Py_DECREF(type);
}

static PyObject *start(PyObject *object, PyObject *args) {
    PlaneObject *self = (PlaneObject *)object;
    PyObject *list;
    int sockets[MAX_SOCKETS];
    if (!is_open(self) || !PyArg_ParseTuple(args, "O", &list)) return NULL;
    Py_ssize_t n = PySequence_Size(list);
    if (n < 1 || n > MAX_SOCKETS || self->loop->started) {
        PyErr_Format(PyExc_ValueError, "a plane starts once, with 1 to %d sockets", MAX_SOCKETS);
        return NULL;
    }
    for (Py_ssize_t i = 0; i < n; i++) {
        PyObject *item = PySequence_GetItem(list, i);
        if (!item) return NULL;
        sockets[i] = (int)PyLong_AsLong(item);
        Py_DECREF(item);
        if (sockets[i] < 0) return PyErr_Occurred() ? NULL : PyErr_Format(PyExc_ValueError, "not a descriptor");
    }
    if (!loop_start(self->loop, sockets, (int)n)) return PyErr_SetFromErrno(PyExc_OSError);
    return PyLong_FromLong(self->loop->notify_fd);
}

/* ---------------------------------------------------------------- packets in and out */

static PyObject *py_receive(PyObject *object, PyObject *args) {
    PlaneObject *self = (PlaneObject *)object;
    const char *data;
    Py_ssize_t size;
    PyObject *peer;
    long long now;
    int wait = 0;
    struct address from;
    uint8_t copy[MAX_DATAGRAM] __attribute__((aligned(16)));
    if (!is_open(self) || !PyArg_ParseTuple(args, "y#OL|p", &data, &size, &peer, &now, &wait) ||
        !read_address(peer, &from))
        return NULL;
    if (size > MAX_DATAGRAM) size = MAX_DATAGRAM;
    memcpy(copy, data, (size_t)size);
    PyThreadState *state = PyEval_SaveThread();
    loop_lock(self->loop);
    PyEval_RestoreThread(state);
    receive(self->loop->plane, copy, (size_t)size, &from, now);
    if (!wait) flush(self->loop->plane);
    loop_unlock(self->loop);
    Py_RETURN_NONE;
}

static PyObject *take_outbox(PyObject *object, PyObject *unused) {
    PlaneObject *self = (PlaneObject *)object;
    (void)unused;
    if (!is_open(self)) return NULL;
    enter(self);
    struct loop *loop = self->loop;
    PyObject *list = PyList_New(0);
    for (int i = 0; list && i < loop->n_captured; i++) {
        PyObject *address = write_address(&loop->captured[i].address);
        PyObject *item = address ? Py_BuildValue("Ny#", address, loop->captured[i].data,
                                                 (Py_ssize_t)loop->captured[i].size)
                                 : NULL;
        if (!item || PyList_Append(list, item)) Py_CLEAR(list);
        Py_XDECREF(item);
    }
    loop->n_captured = 0;
    loop_unlock(loop);
    return list;
}

static PyObject *event_tuple(const struct event *event) {
    PyObject *address = event->has_address ? write_address(&event->address) : Py_NewRef(Py_None);
    if (!address) return NULL;
    return Py_BuildValue("iLLLLNy#", (int)event->kind, (long long)event->now_us, (long long)event->transport,
                         (long long)event->stream, (long long)event->route, address,
                         event->data ? (const char *)event->data : "", (Py_ssize_t)event->size);
}

static PyObject *take_events(PyObject *object, PyObject *unused) {
    PlaneObject *self = (PlaneObject *)object;
    (void)unused;
    if (!is_open(self)) return NULL;
    if (self->loop->notify_fd >= 0) {
        uint64_t heard;
        ssize_t n = read(self->loop->notify_fd, &heard, sizeof heard);
        (void)n;
    }
    PyThreadState *state = PyEval_SaveThread();
    loop_lock(self->loop);
    struct plane *plane = self->loop->plane;
    struct event *events = plane->events;
    int n = plane->n_events;
    plane->events = NULL;
    plane->n_events = plane->room_events = 0;
    loop_unlock(self->loop);
    PyEval_RestoreThread(state);
    PyObject *list = PyList_New(0);
    for (int i = 0; i < n; i++) {
        PyObject *item = list ? event_tuple(&events[i]) : NULL;
        if (list && (!item || PyList_Append(list, item))) Py_CLEAR(list);
        Py_XDECREF(item);
        free(events[i].data);
    }
    free(events);
    return list;
}

static PyObject *py_send(PyObject *object, PyObject *args) {
    PlaneObject *self = (PlaneObject *)object;
    PyObject *peer;
    const char *data;
    Py_ssize_t size;
    struct address to;
    if (!is_open(self) || !PyArg_ParseTuple(args, "Oy#", &peer, &data, &size) || !read_address(peer, &to)) return NULL;
    send_raw(enter(self), &to, (const uint8_t *)data, (size_t)size);
    return leave(self, true);
}

static PyObject *py_send_rtcp(PyObject *object, PyObject *args) {
    PlaneObject *self = (PlaneObject *)object;
    long long id;
    const char *data;
    Py_ssize_t size;
    if (!is_open(self) || !PyArg_ParseTuple(args, "Ly#", &id, &data, &size)) return NULL;
    struct plane *plane = enter(self);
    struct transport *transport = plane_transport(plane, id);
    if (transport) send_rtcp(plane, transport, (const uint8_t *)data, (size_t)size);
    return leave(self, true);
}

static PyObject *py_retransmit(PyObject *object, PyObject *args) {
    PlaneObject *self = (PlaneObject *)object;
    long long id, now;
    const char *data; /* 16-bit numbers in network order */
    Py_ssize_t size;
    if (!is_open(self) || !PyArg_ParseTuple(args, "Ly#L", &id, &data, &size, &now)) return NULL;
    struct plane *plane = enter(self);
    struct route *route = plane_route(plane, id);
    for (Py_ssize_t i = 0; route && i + 2 <= size; i += 2) {
        uint16_t sequence = read16((const uint8_t *)data + i);
        retransmit(plane, route, &sequence, 1, now);
    }
    return leave(self, true);
}

static PyObject *py_sender_report(PyObject *object, PyObject *args) {
    PlaneObject *self = (PlaneObject *)object;
    long long stream_id, only;
    unsigned long long ntp;
    unsigned long timestamp;
    if (!is_open(self) || !PyArg_ParseTuple(args, "LKkL", &stream_id, &ntp, &timestamp, &only)) return NULL;
    struct plane *plane = enter(self);
    struct stream *stream = plane_stream(plane, stream_id);
    for (int i = 0; stream && i < stream->routes.n; i++) {
        struct route *route = stream->routes.items[i];
        if (route->started && (only < 0 || only == route->id)) sender_report(plane, route, ntp, (uint32_t)timestamp);
    }
    return leave(self, true);
}

/* ---------------------------------------------------------------- tables */

static PyObject *py_add_transport(PyObject *object, PyObject *args) {
    PlaneObject *self = (PlaneObject *)object;
    long long id;
    PyObject *peer;
    unsigned long long inbound, outbound;
    struct address address;
    if (!is_open(self) || !PyArg_ParseTuple(args, "LOKK", &id, &peer, &inbound, &outbound) ||
        !read_address(peer, &address))
        return NULL;
    struct plane *plane = enter(self);
    return leave(self, add_transport(plane, id, &address, (void *)(uintptr_t)inbound, (void *)(uintptr_t)outbound));
}

static PyObject *py_move_transport(PyObject *object, PyObject *args) {
    PlaneObject *self = (PlaneObject *)object;
    long long id;
    PyObject *peer;
    struct address address;
    if (!is_open(self) || !PyArg_ParseTuple(args, "LO", &id, &peer) || !read_address(peer, &address)) return NULL;
    move_transport(enter(self), id, &address);
    return leave(self, true);
}

#define REMOVE(what)                                                              \
    static PyObject *py_remove_##what(PyObject *object, PyObject *args) {         \
        PlaneObject *self = (PlaneObject *)object;                                \
        long long id;                                                             \
        if (!is_open(self) || !PyArg_ParseTuple(args, "L", &id)) return NULL;     \
        remove_##what(enter(self), id);                                           \
        return leave(self, true);                                                 \
    }
REMOVE(transport)
REMOVE(stream)
REMOVE(route)

static bool sizes_are(Py_ssize_t a, Py_ssize_t b, Py_ssize_t c, Py_ssize_t wanted_c) {
    if (a == 128 && b == 128 && (c == wanted_c || wanted_c < 0)) return true;
    PyErr_SetString(PyExc_ValueError, "a table has the wrong size");
    return false;
}

static PyObject *py_add_stream(PyObject *object, PyObject *args) {
    PlaneObject *self = (PlaneObject *)object;
    struct stream spec = {0};
    long long id, transport, clock_rate, ssrc, rtx_ssrc;
    int video;
    const char *codecs, *repairs, *mid;
    Py_ssize_t n_codecs, n_repairs, n_mid;
    if (!is_open(self) ||
        !PyArg_ParseTuple(args, "LLpLy#y#LLy#bbb", &id, &transport, &video, &clock_rate, &codecs, &n_codecs, &repairs,
                          &n_repairs, &ssrc, &rtx_ssrc, &mid, &n_mid, &spec.mid_extension, &spec.send_time_extension,
                          &spec.level_extension) ||
        !sizes_are(n_codecs, n_repairs, 0, -1))
        return NULL;
    if (n_mid > (Py_ssize_t)sizeof spec.mid) n_mid = 0; /* a mid that long is never matched */
    spec.id = id;
    spec.clock_rate = clock_rate;
    memcpy(spec.codecs, codecs, sizeof spec.codecs);
    memcpy(spec.repairs, repairs, sizeof spec.repairs);
    memcpy(spec.mid, mid, (size_t)n_mid);
    spec.mid_length = (uint8_t)n_mid;
    spec.has_ssrc = ssrc >= 0;
    spec.ssrc = (uint32_t)ssrc;
    spec.has_rtx_ssrc = rtx_ssrc >= 0;
    spec.rtx_ssrc = (uint32_t)rtx_ssrc;
    for (int i = 0; i < 128; i++)
        if (spec.codecs[i] != NO_PT && spec.codecs[i] != CODEC_OTHER) spec.has_keyframes = true;
    struct plane *plane = enter(self);
    if (!plane_transport(plane, transport)) {
        loop_unlock(self->loop);
        return PyErr_Format(PyExc_KeyError, "no transport %lld", transport);
    }
    return leave(self, add_stream(plane, &spec, video, transport));
}

static PyObject *py_set_route(PyObject *object, PyObject *args) {
    PlaneObject *self = (PlaneObject *)object;
    struct route spec = {0};
    long long id, transport, stream, rtx_ssrc, now;
    unsigned long ssrc, first_timestamp;
    unsigned short first_sequence, first_rtx;
    const char *pts, *rtx, *extensions, *constants, *cname;
    Py_ssize_t n_pts, n_rtx, n_extensions, n_constants, n_cname;
    if (!is_open(self) ||
        !PyArg_ParseTuple(args, "LLLkLy#y#y#y#by#HHkL", &id, &transport, &stream, &ssrc, &rtx_ssrc, &pts, &n_pts, &rtx,
                          &n_rtx, &extensions, &n_extensions, &constants, &n_constants, &spec.send_time_extension,
                          &cname, &n_cname, &first_sequence, &first_rtx, &first_timestamp, &now) ||
        !sizes_are(n_pts, n_rtx, n_extensions, 256))
        return NULL;
    if (n_constants > MAX_CONSTANTS || n_cname > MAX_CNAME)
        return PyErr_Format(PyExc_ValueError, "constants or cname are too long");
    spec.id = id;
    spec.ssrc = (uint32_t)ssrc;
    spec.has_rtx_ssrc = rtx_ssrc >= 0;
    spec.rtx_ssrc = (uint32_t)rtx_ssrc;
    memcpy(spec.payload_types, pts, 128);
    memcpy(spec.rtx_payload_types, rtx, 128);
    memcpy(spec.extensions, extensions, 256);
    memcpy(spec.constants, constants, (size_t)n_constants);
    spec.n_constants = (uint16_t)n_constants;
    memcpy(spec.cname, cname, (size_t)n_cname);
    spec.cname_length = (uint8_t)n_cname;
    spec.last_index = FIRST_INDEX + first_sequence - 1;
    spec.last_timestamp = (uint32_t)first_timestamp;
    spec.rtx_sequence = first_rtx;
    struct plane *plane = enter(self);
    return leave(self, set_route(plane, &spec, transport, stream, now));
}

/* ---------------------------------------------------------------- reading */

static PyObject *missing(PyObject *object, PyObject *args) {
    PlaneObject *self = (PlaneObject *)object;
    long long id;
    if (!is_open(self) || !PyArg_ParseTuple(args, "L", &id)) return NULL;
    struct stream *stream = plane_stream(enter(self), id);
    PyObject *list = PyList_New(0);
    for (int i = 0; list && stream && i < stream->history.n_gaps; i++) {
        const struct gap *gap = &stream->history.gaps[i];
        PyObject *item = Py_BuildValue("LL", (long long)gap->index, (long long)gap->noticed_us);
        if (!item || PyList_Append(list, item)) Py_CLEAR(list);
        Py_XDECREF(item);
    }
    loop_unlock(self->loop);
    return list;
}

static PyObject *read_history(PyObject *object, PyObject *args) {
    PlaneObject *self = (PlaneObject *)object;
    long long id, after;
    int limit;
    if (!is_open(self) || !PyArg_ParseTuple(args, "LLi", &id, &after, &limit)) return NULL;
    struct stream *stream = plane_stream(enter(self), id);
    PyObject *list = PyList_New(0);
    if (stream && stream->history.highest >= 0) {
        int64_t oldest = history_oldest(&stream->history);
        int64_t index = after >= 0 && after + 1 > oldest ? after + 1 : oldest;
        for (; list && index <= stream->history.highest && PyList_Size(list) < limit; index++) {
            const struct slot *slot = history_get(&stream->history, index);
            if (!slot) continue;
            PyObject *item = Py_BuildValue("LLy#", (long long)index, (long long)slot->now_us,
                                           (const char *)slot->packet, (Py_ssize_t)slot->size);
            if (!item || PyList_Append(list, item)) Py_CLEAR(list);
            Py_XDECREF(item);
        }
    }
    loop_unlock(self->loop);
    return list;
}

static PyObject *arrivals(PyObject *object, PyObject *args) {
    PlaneObject *self = (PlaneObject *)object;
    long long id;
    if (!is_open(self) || !PyArg_ParseTuple(args, "L", &id)) return NULL;
    struct transport *transport = plane_transport(enter(self), id);
    PyObject *list = PyList_New(0);
    for (int i = 0; list && transport && i < transport->n_arrivals; i++) {
        const struct arrival *arrival = &transport->arrivals[i];
        PyObject *item = Py_BuildValue("LkIk", (long long)arrival->now_us, (unsigned long)arrival->abs_send_time,
                                       (unsigned)arrival->size, (unsigned long)arrival->ssrc);
        if (!item || PyList_Append(list, item)) Py_CLEAR(list);
        Py_XDECREF(item);
    }
    if (transport) transport->n_arrivals = 0;
    loop_unlock(self->loop);
    return list;
}

static PyObject *stream_stats(PyObject *object, PyObject *args) {
    PlaneObject *self = (PlaneObject *)object;
    long long id;
    if (!is_open(self) || !PyArg_ParseTuple(args, "L", &id)) return NULL;
    struct stream *stream = plane_stream(enter(self), id);
    PyObject *result = NULL;
    if (stream) {
        const struct history *history = &stream->history;
        long long highest = history->highest > FIRST_INDEX ? history->highest - FIRST_INDEX : 0;
        result = Py_BuildValue("LLLLLLLiLL", stream->has_ssrc ? (long long)stream->ssrc : -1LL,
                               (long long)stream->packets, (long long)stream->bytes,
                               (long long)history_expected(history), highest, (long long)(stream->jitter_q4 >> 4),
                               (long long)stream->last_us, (int)(stream->level_q8 >> 8), (long long)stream->keyframes,
                               (long long)history->keyframe_us);
    }
    loop_unlock(self->loop);
    if (!stream) Py_RETURN_NONE;
    return result;
}

static PyObject *route_stats(PyObject *object, PyObject *args) {
    PlaneObject *self = (PlaneObject *)object;
    long long id;
    if (!is_open(self) || !PyArg_ParseTuple(args, "L", &id)) return NULL;
    struct route *route = plane_route(enter(self), id);
    struct route copy = {0};
    if (route) copy = *route;
    loop_unlock(self->loop);
    if (!route) Py_RETURN_NONE;
    return Py_BuildValue("LLLO", (long long)copy.packets, (long long)copy.octets, (long long)copy.retransmitted,
                         copy.started ? Py_True : Py_False);
}

static PyObject *transport_stats(PyObject *object, PyObject *args) {
    PlaneObject *self = (PlaneObject *)object;
    long long id;
    if (!is_open(self) || !PyArg_ParseTuple(args, "L", &id)) return NULL;
    struct transport *transport = plane_transport(enter(self), id);
    struct transport copy = {0};
    if (transport) copy = *transport;
    loop_unlock(self->loop);
    if (!transport) Py_RETURN_NONE;
    return Py_BuildValue("LLLLL", (long long)copy.last_us, (long long)copy.rx_packets, (long long)copy.rx_bytes,
                         (long long)copy.tx_packets, (long long)copy.tx_bytes);
}

static const char *const counter_names[] = {
#define X(name) #name,
    COUNTERS(X)
#undef X
};

static PyObject *counters(PyObject *object, PyObject *unused) {
    PlaneObject *self = (PlaneObject *)object;
    (void)unused;
    if (!is_open(self)) return NULL;
    int64_t copy[N_COUNTERS];
    memcpy(copy, enter(self)->count, sizeof copy);
    loop_unlock(self->loop);
    PyObject *dictionary = PyDict_New();
    for (int i = 0; dictionary && i < N_COUNTERS; i++) {
        PyObject *value = PyLong_FromLongLong(copy[i]);
        if (!value || PyDict_SetItemString(dictionary, counter_names[i], value)) Py_CLEAR(dictionary);
        Py_XDECREF(value);
    }
    return dictionary;
}

/* ---------------------------------------------------------------- the module */

static PyMethodDef methods[] = {
    {"start", start, METH_VARARGS, "start(descriptors) -> descriptor that is readable when there are events"},
    {"stop", stop, METH_NOARGS, "End the thread and empty the tables; twice is once."},
    {"receive", py_receive, METH_VARARGS, "receive(data, address, now_us, wait=False): one datagram, without a socket"},
    {"take_outbox", take_outbox, METH_NOARGS, "[(address, data)] of a plane that was not started"},
    {"take_events", take_events, METH_NOARGS, "[(kind, now_us, transport, stream, route, address, data)]"},
    {"send", py_send, METH_VARARGS, "send(address, data)"},
    {"send_rtcp", py_send_rtcp, METH_VARARGS, "send_rtcp(transport, data)"},
    {"retransmit", py_retransmit, METH_VARARGS, "retransmit(route, big-endian numbers, now_us)"},
    {"sender_report", py_sender_report, METH_VARARGS, "sender_report(stream, ntp, timestamp, route or -1)"},
    {"add_transport", py_add_transport, METH_VARARGS, "add_transport(id, address, inbound, outbound)"},
    {"move_transport", py_move_transport, METH_VARARGS, "move_transport(id, address)"},
    {"remove_transport", py_remove_transport, METH_VARARGS, "remove_transport(id)"},
    {"add_stream", py_add_stream, METH_VARARGS, "add_stream(…): see plane/native.py"},
    {"remove_stream", py_remove_stream, METH_VARARGS, "remove_stream(id)"},
    {"set_route", py_set_route, METH_VARARGS, "set_route(…): see plane/native.py"},
    {"remove_route", py_remove_route, METH_VARARGS, "remove_route(id)"},
    {"missing", missing, METH_VARARGS, "missing(stream) -> [(index, noticed_us)]"},
    {"read_history", read_history, METH_VARARGS, "read_history(stream, after or -1, limit) -> [(index, now_us, packet)]"},
    {"arrivals", arrivals, METH_VARARGS, "arrivals(transport) -> [(now_us, abs_send_time, size, ssrc)]"},
    {"stream_stats", stream_stats, METH_VARARGS, "The fields of StreamStats, or None"},
    {"route_stats", route_stats, METH_VARARGS, "The fields of RouteStats, or None"},
    {"transport_stats", transport_stats, METH_VARARGS, "The fields of TransportStats, or None"},
    {"counters", counters, METH_NOARGS, "{name: value}"},
    {NULL, NULL, 0, NULL},
};

static PyType_Slot slots[] = {
    {Py_tp_doc, "A packet plane. Not for direct use: plane/native.py wraps it."},
    {Py_tp_init, plane_init},
    {Py_tp_dealloc, plane_dealloc},
    {Py_tp_methods, methods},
    {0, NULL},
};

static PyType_Spec spec = {"mediaserver.plane._native.Plane", sizeof(PlaneObject), 0, Py_TPFLAGS_DEFAULT, slots};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, "_native", "The compiled packet plane.", -1, NULL, NULL, NULL, NULL, NULL};

PyMODINIT_FUNC PyInit__native(void) {
    PyObject *module = PyModule_Create(&definition);
    PyObject *type = module ? PyType_FromSpec(&spec) : NULL;
    if (!type || PyModule_AddObjectRef(module, "Plane", type)) Py_CLEAR(module);
    Py_XDECREF(type);
    return module;
}
