/* Python's side of the compiled plane: what its files share.
 *
 *   module.c          the type, its life, the table of its methods
 *   module_packets.c  addresses, datagrams in and out, answers
 *   module_tables.c   what control writes
 *   module_read.c     what control reads
 *
 * Only the limited API, so that one build serves every Python from 3.11 on. The interpreter and the plane's
 * lock are never held at once: whoever waits for one with the other in hand would let the media thread wait
 * for a garbage collection, and a finaliser that calls the plane would wait for itself. So a call takes its
 * arguments apart, enters, works or copies out, leaves, and builds its objects then. */
#ifndef TONGKE_MODULE_H
#define TONGKE_MODULE_H

#define PY_SSIZE_T_CLEAN
#define Py_LIMITED_API 0x030B0000
#include <Python.h>

#include "loop.h"

typedef struct {
    PyObject_HEAD
    struct loop *loop;
} PlaneObject;

struct visit { /* of a caller inside the plane */
    struct loop *loop;
    PyThreadState *python;
};

/* The plane of `object`; NULL with RuntimeError when it is not initialised or belongs to another process. */
struct loop *loop_of_object(PyObject *object);
/* Gives up the interpreter, takes the lock, and ends the batch. No Python until `leave`. */
struct plane *enter(struct loop *loop, struct visit *visit);
void leave(struct visit *visit);
/* Sends what the call caused, leaves, and answers: None, or NULL with MemoryError. */
PyObject *done(struct visit *visit, bool ok);

#define METHOD(name) PyObject *name(PyObject *object, PyObject *args)

/* module_packets.c; an address is (socket, (host, port[, flow, scope])) */
bool read_address(PyObject *value, struct address *address);
PyObject *write_address(const struct address *address);
METHOD(py_receive);
METHOD(py_take_outbox);
METHOD(py_take_events);
METHOD(py_send);
METHOD(py_send_rtcp);
METHOD(py_retransmit);
METHOD(py_sender_report);

/* module_tables.c */
METHOD(py_add_transport);
METHOD(py_move_transport);
METHOD(py_set_consent);
METHOD(py_remove_transport);
METHOD(py_add_stream);
METHOD(py_remove_stream);
METHOD(py_set_route);
METHOD(py_remove_route);
METHOD(py_relay);
METHOD(py_stop_relay);
METHOD(py_relayed);
METHOD(py_take_relayed);

/* module_read.c */
METHOD(py_missing);
METHOD(py_read_history);
METHOD(py_tap);
METHOD(py_stream_stats);
METHOD(py_route_stats);
METHOD(py_transport_stats);
METHOD(py_counters);

#endif
