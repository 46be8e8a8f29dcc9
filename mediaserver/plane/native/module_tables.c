/* What control writes: transports, streams, routes. */
#include <string.h>

#include "module.h"
#include "relay.h"

#define MAX_CLOCK_RATE 10000000

PyObject *py_add_transport(PyObject *object, PyObject *args) {
    struct loop *loop = loop_of_object(object);
    struct visit visit;
    long long id;
    PyObject *peer;
    unsigned long long inbound, outbound;
    struct address address;
    if (!loop || !PyArg_ParseTuple(args, "LOKK", &id, &peer, &inbound, &outbound) || !read_address(peer, &address))
        return NULL;
    struct plane *plane = enter(loop, &visit);
    return done(&visit,
                add_transport(plane, id, &address, (void *)(uintptr_t)inbound, (void *)(uintptr_t)outbound));
}

PyObject *py_move_transport(PyObject *object, PyObject *args) {
    struct loop *loop = loop_of_object(object);
    struct visit visit;
    long long id;
    PyObject *peer;
    struct address address;
    if (!loop || !PyArg_ParseTuple(args, "LO", &id, &peer) || !read_address(peer, &address)) return NULL;
    move_transport(enter(loop, &visit), id, &address);
    return done(&visit, true);
}

PyObject *py_set_consent(PyObject *object, PyObject *args) {
    struct loop *loop = loop_of_object(object);
    struct visit visit;
    struct consent consent = {0};
    long long id;
    const char *username, *password;
    Py_ssize_t n_username, n_password;
    if (!loop || !PyArg_ParseTuple(args, "Ly#y#", &id, &username, &n_username, &password, &n_password)) return NULL;
    if (n_username <= MAX_USERNAME && n_password <= MAX_PASSWORD) {
        memcpy(consent.username, username, (size_t)n_username);
        memcpy(consent.password, password, (size_t)n_password);
        consent.username_length = (uint8_t)n_username;
        consent.password_length = (uint8_t)n_password;
    }
    set_consent(enter(loop, &visit), id, &consent);
    return done(&visit, true);
}

static PyObject *remove_by_id(PyObject *object, PyObject *args, void (*remove)(struct plane *plane, int64_t id)) {
    struct loop *loop = loop_of_object(object);
    struct visit visit;
    long long id;
    if (!loop || !PyArg_ParseTuple(args, "L", &id)) return NULL;
    remove(enter(loop, &visit), id);
    return done(&visit, true);
}

PyObject *py_remove_transport(PyObject *object, PyObject *args) { return remove_by_id(object, args, remove_transport); }
PyObject *py_remove_stream(PyObject *object, PyObject *args) { return remove_by_id(object, args, remove_stream); }
PyObject *py_remove_route(PyObject *object, PyObject *args) { return remove_by_id(object, args, remove_route); }

static PyObject *wrong(const char *what) {
    PyErr_SetString(PyExc_ValueError, what);
    return NULL;
}

PyObject *py_add_stream(PyObject *object, PyObject *args) {
    struct loop *loop = loop_of_object(object);
    struct visit visit;
    struct stream spec = {0};
    long long id, transport, clock_rate, ssrc, rtx_ssrc;
    int video;
    const char *codecs, *repairs, *mid;
    Py_ssize_t n_codecs, n_repairs, n_mid;
    if (!loop || !PyArg_ParseTuple(args, "LLpLy#y#LLy#bbb", &id, &transport, &video, &clock_rate, &codecs, &n_codecs,
                                   &repairs, &n_repairs, &ssrc, &rtx_ssrc, &mid, &n_mid, &spec.mid_extension,
                                   &spec.send_time_extension, &spec.level_extension))
        return NULL;
    if (n_codecs != sizeof spec.codecs || n_repairs != sizeof spec.repairs) return wrong("a table has the wrong size");
    if (clock_rate < 1 || clock_rate > MAX_CLOCK_RATE) return wrong("no clock has that rate");
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
    struct plane *plane = enter(loop, &visit);
    if (!transport || plane_transport(plane, transport)) return done(&visit, add_stream(plane, &spec, video, transport));
    leave(&visit);
    return PyErr_Format(PyExc_KeyError, "no transport %lld", transport);
}

/* The loop of another plane; NULL with an exception when it is none. */
static struct loop *other_plane(PyObject *object, PyObject *other) {
    if (Py_TYPE(object) == Py_TYPE(other)) return loop_of_object(other);
    PyErr_SetString(PyExc_TypeError, "not a compiled plane");
    return NULL;
}

PyObject *py_relay(PyObject *object, PyObject *args) {
    struct loop *loop = loop_of_object(object), *target;
    struct visit visit;
    PyObject *other;
    long long id, since;
    if (!loop || !PyArg_ParseTuple(args, "LOL", &id, &other, &since) || !(target = other_plane(object, other)))
        return NULL;
    struct plane *plane = enter(loop, &visit);
    struct stream *stream = plane_stream(plane, id);
    return done(&visit, !stream || relay_start(plane, stream, target->inbox, since));
}

PyObject *py_stop_relay(PyObject *object, PyObject *args) {
    struct loop *loop = loop_of_object(object), *target;
    struct visit visit;
    PyObject *other;
    long long id;
    if (!loop || !PyArg_ParseTuple(args, "LO", &id, &other) || !(target = other_plane(object, other))) return NULL;
    struct stream *stream = plane_stream(enter(loop, &visit), id);
    if (stream) relay_stop(stream, target->inbox);
    return done(&visit, true);
}

/* Whether `constants` is (id, length, value) over and over, to its end. */
static bool are_elements(const char *constants, Py_ssize_t size) {
    Py_ssize_t at = 0;
    while (at + 2 <= size) at += 2 + (uint8_t)constants[at + 1];
    return at == size;
}

PyObject *py_set_route(PyObject *object, PyObject *args) {
    struct loop *loop = loop_of_object(object);
    struct visit visit;
    struct route spec = {0};
    long long id, transport, stream, rtx_ssrc, now;
    unsigned long ssrc, first_timestamp;
    unsigned short first_sequence, first_rtx;
    const char *pts, *rtx, *extensions, *constants, *cname;
    Py_ssize_t n_pts, n_rtx, n_extensions, n_constants, n_cname;
    if (!loop || !PyArg_ParseTuple(args, "LLLkLy#y#y#y#by#HHkL", &id, &transport, &stream, &ssrc, &rtx_ssrc, &pts,
                                   &n_pts, &rtx, &n_rtx, &extensions, &n_extensions, &constants, &n_constants,
                                   &spec.send_time_extension, &cname, &n_cname, &first_sequence, &first_rtx,
                                   &first_timestamp, &now))
        return NULL;
    if (n_pts != sizeof spec.payload_types || n_rtx != sizeof spec.rtx_payload_types ||
        n_extensions != sizeof spec.extensions)
        return wrong("a table has the wrong size");
    if (n_constants > MAX_CONSTANTS || n_cname > MAX_CNAME) return wrong("constants or cname are too long");
    if (!are_elements(constants, n_constants)) return wrong("constants are not a list of elements");
    spec.id = id;
    spec.ssrc = (uint32_t)ssrc;
    spec.has_rtx_ssrc = rtx_ssrc >= 0;
    spec.rtx_ssrc = (uint32_t)rtx_ssrc;
    memcpy(spec.payload_types, pts, sizeof spec.payload_types);
    memcpy(spec.rtx_payload_types, rtx, sizeof spec.rtx_payload_types);
    memcpy(spec.extensions, extensions, sizeof spec.extensions);
    memcpy(spec.constants, constants, (size_t)n_constants);
    spec.n_constants = (uint16_t)n_constants;
    memcpy(spec.cname, cname, (size_t)n_cname);
    spec.cname_length = (uint8_t)n_cname;
    spec.last_index = FIRST_INDEX + first_sequence - 1;
    spec.last_timestamp = (uint32_t)first_timestamp;
    spec.rtx_sequence = first_rtx;
    struct plane *plane = enter(loop, &visit);
    return done(&visit, set_route(plane, &spec, transport, stream, now));
}
