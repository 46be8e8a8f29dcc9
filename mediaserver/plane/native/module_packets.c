/* Datagrams in and out, and the packets control asks for. */
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "module.h"

/* ---------------------------------------------------------------- addresses */

bool read_address(PyObject *value, struct address *address) {
    int socket, port;
    unsigned flow = 0, scope = 0;
    const char *host;
    PyObject *peer;
    memset(address, 0, sizeof *address);
    if (!PyArg_ParseTuple(value, "iO", &socket, &peer) ||
        !PyArg_ParseTuple(peer, "si|II", &host, &port, &flow, &scope))
        return false;
    if (socket < 0 || socket >= MAX_SOCKETS || port < 0 || port > UINT16_MAX) {
        PyErr_Format(PyExc_ValueError, "no socket %d or no port %d", socket, port);
        return false;
    }
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

PyObject *write_address(const struct address *address) {
    char host[INET6_ADDRSTRLEN];
    inet_ntop(address->family, address->ip, host, sizeof host);
    if (address->family == AF_INET) return Py_BuildValue("i(si)", address->socket, host, address->port);
    return Py_BuildValue("i(siII)", address->socket, host, address->port, address->flow, address->scope);
}

/* ---------------------------------------------------------------- datagrams */

PyObject *py_receive(PyObject *object, PyObject *args) {
    struct loop *loop = loop_of_object(object);
    const char *data;
    Py_ssize_t size;
    PyObject *peer;
    long long now;
    int wait = 0;
    struct address from;
    uint8_t copy[MAX_DATAGRAM] __attribute__((aligned(16)));
    if (!loop || !PyArg_ParseTuple(args, "y#OL|p", &data, &size, &peer, &now, &wait) || !read_address(peer, &from))
        return NULL;
    if (size > MAX_DATAGRAM) size = MAX_DATAGRAM;
    memcpy(copy, data, (size_t)size);
    PyThreadState *python = PyEval_SaveThread(); /* not `enter`: the batch may be going on */
    loop_lock(loop);
    receive(loop->plane, copy, (size_t)size, &from, now);
    if (!wait) flush(loop->plane);
    loop_unlock(loop);
    PyEval_RestoreThread(python);
    Py_RETURN_NONE;
}

PyObject *py_relayed(PyObject *object, PyObject *args) {
    struct loop *loop = loop_of_object(object);
    struct visit visit;
    long long id, index, now;
    const char *data;
    Py_ssize_t size;
    if (!loop || !PyArg_ParseTuple(args, "LLLy#", &id, &index, &now, &data, &size)) return NULL;
    if (index < 0 || size > MAX_DATAGRAM) return PyErr_Format(PyExc_ValueError, "no history holds that");
    receive_relayed(enter(loop, &visit), id, index, now, (const uint8_t *)data, (size_t)size);
    return done(&visit, true);
}

PyObject *py_take_relayed(PyObject *object, PyObject *unused) {
    struct loop *loop = loop_of_object(object);
    (void)unused;
    if (!loop) return NULL;
    PyThreadState *python = PyEval_SaveThread();
    while (loop_take_relayed(loop)) continue;
    PyEval_RestoreThread(python);
    Py_RETURN_NONE;
}

PyObject *py_take_outbox(PyObject *object, PyObject *unused) {
    struct loop *loop = loop_of_object(object);
    struct visit visit;
    (void)unused;
    if (!loop) return NULL;
    enter(loop, &visit);
    struct out *captured = loop->captured;
    int n = loop->n_captured;
    loop->captured = NULL;
    loop->n_captured = loop->room_captured = 0;
    leave(&visit);
    PyObject *list = PyList_New(0);
    for (int i = 0; list && i < n; i++) {
        PyObject *address = write_address(&captured[i].address);
        PyObject *item =
            address ? Py_BuildValue("Ny#", address, captured[i].data, (Py_ssize_t)captured[i].size) : NULL;
        if (!item || PyList_Append(list, item)) Py_CLEAR(list);
        Py_XDECREF(item);
    }
    free(captured);
    return list;
}

static PyObject *event_tuple(const struct event *event) {
    PyObject *address = event->has_address ? write_address(&event->address) : Py_NewRef(Py_None);
    if (!address) return NULL;
    return Py_BuildValue("iLLLLNy#", (int)event->kind, (long long)event->now_us, (long long)event->transport,
                         (long long)event->stream, (long long)event->route, address,
                         event->data ? (const char *)event->data : "", (Py_ssize_t)event->size);
}

PyObject *py_take_events(PyObject *object, PyObject *unused) {
    struct loop *loop = loop_of_object(object);
    (void)unused;
    if (!loop) return NULL;
    PyThreadState *python = PyEval_SaveThread(); /* not `enter`: reading is no reason to end a batch */
    if (loop->notify_fd >= 0) { /* heard first: what comes after this is told again */
        uint64_t heard;
        ssize_t size = read(loop->notify_fd, &heard, sizeof heard);
        (void)size;
    }
    loop_lock(loop);
    struct plane *plane = loop->plane;
    struct event *events = plane->events;
    int n = plane->n_events;
    plane->events = NULL;
    plane->n_events = plane->room_events = 0;
    loop_unlock(loop);
    PyEval_RestoreThread(python);
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

PyObject *py_send(PyObject *object, PyObject *args) {
    struct loop *loop = loop_of_object(object);
    struct visit visit;
    PyObject *peer;
    const char *data;
    Py_ssize_t size;
    struct address to;
    if (!loop || !PyArg_ParseTuple(args, "Oy#", &peer, &data, &size) || !read_address(peer, &to)) return NULL;
    send_raw(enter(loop, &visit), &to, (const uint8_t *)data, (size_t)size);
    return done(&visit, true);
}

/* ---------------------------------------------------------------- answers */

PyObject *py_send_rtcp(PyObject *object, PyObject *args) {
    struct loop *loop = loop_of_object(object);
    struct visit visit;
    long long id;
    const char *data;
    Py_ssize_t size;
    if (!loop || !PyArg_ParseTuple(args, "Ly#", &id, &data, &size)) return NULL;
    struct plane *plane = enter(loop, &visit);
    struct transport *transport = plane_transport(plane, id);
    if (transport) send_rtcp(plane, transport, (const uint8_t *)data, (size_t)size);
    return done(&visit, true);
}

PyObject *py_retransmit(PyObject *object, PyObject *args) {
    struct loop *loop = loop_of_object(object);
    struct visit visit;
    long long id, now;
    const char *data; /* 16-bit numbers in network order */
    Py_ssize_t size;
    if (!loop || !PyArg_ParseTuple(args, "Ly#L", &id, &data, &size, &now)) return NULL;
    struct plane *plane = enter(loop, &visit);
    struct route *route = plane_route(plane, id);
    for (Py_ssize_t i = 0; route && i + 2 <= size; i += 2) {
        uint16_t sequence = read16((const uint8_t *)data + i);
        retransmit(plane, route, &sequence, 1, now);
    }
    return done(&visit, true);
}

PyObject *py_sender_report(PyObject *object, PyObject *args) {
    struct loop *loop = loop_of_object(object);
    struct visit visit;
    long long id, only;
    unsigned long long ntp;
    unsigned long timestamp;
    if (!loop || !PyArg_ParseTuple(args, "LKkL", &id, &ntp, &timestamp, &only)) return NULL;
    struct plane *plane = enter(loop, &visit);
    struct stream *stream = plane_stream(plane, id);
    for (int i = 0; stream && i < stream->routes.n; i++) {
        struct route *route = stream->routes.items[i];
        if (route->started && (only < 0 || only == route->id)) sender_report(plane, route, ntp, (uint32_t)timestamp);
    }
    return done(&visit, true);
}
