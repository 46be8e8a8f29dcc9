/* The type `Plane` of the module `_native`: its life, and the table of its methods (plane/native.py wraps it). */
#include "module.h"

/* ---------------------------------------------------------------- in and out of the plane */

struct loop *loop_of_object(PyObject *object) {
    struct loop *loop = ((PlaneObject *)object)->loop;
    if (loop && loop_is_ours(loop)) return loop;
    PyErr_SetString(PyExc_RuntimeError, loop ? "the plane belongs to the process that started it"
                                             : "the plane was not initialised");
    return NULL;
}

struct plane *enter(struct loop *loop, struct visit *visit) {
    visit->loop = loop;
    visit->python = PyEval_SaveThread();
    loop_lock(loop);
    flush(loop->plane);
    return loop->plane;
}

void leave(struct visit *visit) {
    loop_unlock(visit->loop);
    PyEval_RestoreThread(visit->python);
}

PyObject *done(struct visit *visit, bool ok) {
    flush(visit->loop->plane);
    leave(visit);
    if (!ok) return PyErr_NoMemory();
    Py_RETURN_NONE;
}

/* ---------------------------------------------------------------- life */

static bool in_range(const struct settings *settings) {
    const int sizes[] = {settings->video_history, settings->audio_history};
    for (int i = 0; i < 2; i++)
        if (sizes[i] < 2 || sizes[i] > 1 << 20 || sizes[i] & (sizes[i] - 1)) {
            PyErr_Format(PyExc_ValueError, "history size %d is not a power of two", sizes[i]);
            return false;
        }
    if (settings->max_ssrcs >= 1 && settings->max_gaps >= 1 && settings->max_events >= 1 &&
        settings->max_datagram >= 1 && settings->max_datagram <= MAX_PACKET && settings->batch >= 1)
        return true;
    PyErr_SetString(PyExc_ValueError, "a bound of the plane is out of range");
    return false;
}

static int plane_init(PyObject *object, PyObject *args, PyObject *keywords) {
    PlaneObject *self = (PlaneObject *)object;
    struct settings settings;
    unsigned long long protect, unprotect, protect_rtcp, unprotect_rtcp;
    long long age;
    (void)keywords;
    if (!PyArg_ParseTuple(args, "iiiLiiiiiKKKK", &settings.video_history, &settings.audio_history,
                          &settings.replay_max_packets, &age, &settings.max_ssrcs, &settings.max_gaps,
                          &settings.max_datagram, &settings.max_events, &settings.batch, &protect, &unprotect,
                          &protect_rtcp, &unprotect_rtcp) ||
        !in_range(&settings))
        return -1;
    if (self->loop) {
        PyErr_SetString(PyExc_RuntimeError, "a plane is initialised once");
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

static void plane_dealloc(PyObject *object) {
    PlaneObject *self = (PlaneObject *)object;
    PyTypeObject *type = Py_TYPE(object);
    if (self->loop && loop_is_ours(self->loop)) {
        struct plane *plane = self->loop->plane;
        PyThreadState *python = PyEval_SaveThread();
        loop_free(self->loop);
        PyEval_RestoreThread(python);
        plane_free(plane);
    }
    freefunc release = (freefunc)PyType_GetSlot(type, Py_tp_free);
    release(object);
    Py_DECREF(type);
}

static PyObject *start(PyObject *object, PyObject *args) {
    struct loop *loop = loop_of_object(object);
    PyObject *list;
    int sockets[MAX_SOCKETS];
    if (!loop || !PyArg_ParseTuple(args, "O", &list)) return NULL;
    Py_ssize_t n = PySequence_Size(list);
    if (n < 0) return NULL;
    if (n < 1 || n > MAX_SOCKETS || loop->started)
        return PyErr_Format(PyExc_ValueError, "a plane starts once, with 1 to %d sockets", MAX_SOCKETS);
    for (Py_ssize_t i = 0; i < n; i++) {
        PyObject *item = PySequence_GetItem(list, i);
        if (!item) return NULL;
        long number = PyLong_AsLong(item);
        Py_DECREF(item);
        if (number < 0 || number > INT_MAX)
            return PyErr_Occurred() ? NULL : PyErr_Format(PyExc_ValueError, "%ld is not a descriptor", number);
        sockets[i] = (int)number;
    }
    if (!loop_start(loop, sockets, (int)n)) return PyErr_SetFromErrno(PyExc_OSError);
    return PyLong_FromLong(loop->notify_fd);
}

/* In a forked child there is nothing to end: the thread and the sockets' traffic are the parent's. */
static PyObject *stop(PyObject *object, PyObject *unused) {
    struct loop *loop = ((PlaneObject *)object)->loop;
    struct visit visit;
    (void)unused;
    if (loop && loop_is_ours(loop)) {
        PyThreadState *python = PyEval_SaveThread();
        loop_stop(loop);
        PyEval_RestoreThread(python);
        plane_clear(enter(loop, &visit));
        loop->n_captured = 0;
        leave(&visit);
    }
    Py_RETURN_NONE;
}

/* ---------------------------------------------------------------- the module */

static PyMethodDef methods[] = {
    {"start", start, METH_VARARGS, "start(descriptors) -> descriptor that is readable when there are events"},
    {"stop", stop, METH_NOARGS, "End the thread and empty the tables; twice is once."},
    {"receive", py_receive, METH_VARARGS, "receive(data, address, now_us, wait=False): one datagram, without a socket"},
    {"take_outbox", py_take_outbox, METH_NOARGS, "[(address, data)] of a plane that was not started"},
    {"take_events", py_take_events, METH_NOARGS, "[(kind, now_us, transport, stream, route, address, data)]"},
    {"send", py_send, METH_VARARGS, "send(address, data)"},
    {"send_rtcp", py_send_rtcp, METH_VARARGS, "send_rtcp(transport, data)"},
    {"retransmit", py_retransmit, METH_VARARGS, "retransmit(route, big-endian numbers, now_us)"},
    {"sender_report", py_sender_report, METH_VARARGS, "sender_report(stream, ntp, timestamp, route or -1)"},
    {"add_transport", py_add_transport, METH_VARARGS, "add_transport(id, address, inbound, outbound)"},
    {"move_transport", py_move_transport, METH_VARARGS, "move_transport(id, address)"},
    {"set_consent", py_set_consent, METH_VARARGS, "set_consent(transport, username, password)"},
    {"remove_transport", py_remove_transport, METH_VARARGS, "remove_transport(id)"},
    {"add_stream", py_add_stream, METH_VARARGS, "add_stream(…): see plane/native.py"},
    {"remove_stream", py_remove_stream, METH_VARARGS, "remove_stream(id)"},
    {"set_route", py_set_route, METH_VARARGS, "set_route(…): see plane/native.py"},
    {"remove_route", py_remove_route, METH_VARARGS, "remove_route(id)"},
    {"relay", py_relay, METH_VARARGS, "relay(stream, plane, since_us)"},
    {"stop_relay", py_stop_relay, METH_VARARGS, "stop_relay(stream, plane)"},
    {"relayed", py_relayed, METH_VARARGS, "relayed(stream, index, now_us, packet)"},
    {"take_relayed", py_take_relayed, METH_NOARGS, "What was relayed to a plane that was not started"},
    {"missing", py_missing, METH_VARARGS, "missing(stream) -> [(index, noticed_us)]"},
    {"read_history", py_read_history, METH_VARARGS,
     "read_history(stream, after or -1, limit) -> [(index, now_us, packet)]"},
    {"tap", py_tap, METH_VARARGS, "tap(stream, after or -1, limit, settled_us) -> the fields of Tapped"},
    {"stream_stats", py_stream_stats, METH_VARARGS, "The fields of StreamStats, or None"},
    {"route_stats", py_route_stats, METH_VARARGS, "The fields of RouteStats, or None"},
    {"transport_stats", py_transport_stats, METH_VARARGS, "The fields of TransportStats, or None"},
    {"counters", py_counters, METH_NOARGS, "{name: value}"},
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
