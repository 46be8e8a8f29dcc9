/* What the fuzz targets share.
 *
 *   script.c      bytes decoded into packets and into table entries
 *   srtp.c        a stand-in for libsrtp that holds the plane to the rules of its callers
 *   check.c       what must be true of a plane at any time
 *   datagrams.c   target: what strangers and peers may send
 *   paths.c       target: when packets were sent, and came
 *   tables.c      target: what control may do, in any order
 *   driver.c      mutates inputs for a target; libFuzzer or AFL can take its place
 *   joins.c       peers that come and go, 100,000 of them by default
 *   histories.c   rings of packets against a plain array
 *   race.c        the thread of loop.c against control, for ThreadSanitizer
 *   spread.c      two of them that relay to each other, for ThreadSanitizer
 *   loops.c       what these two share
 */
#ifndef TONGKE_FUZZ_H
#define TONGKE_FUZZ_H

#include <sanitizer/asan_interface.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plane.h"

#define TAG 16
#define INDEX 4 /* SRTCP: flag and index before the tag */

/* One input; returns 0. Aborts, or a sanitizer does, when the plane breaks a rule. */
int fuzz(const uint8_t *data, size_t size);

#define REQUIRE(condition)                                                          \
    do {                                                                            \
        if (!(condition)) {                                                         \
            fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition); \
            abort();                                                                \
        }                                                                           \
    } while (0)

/* ---- srtp.c */

/* A context. Freed with its transport, so that AddressSanitizer sees a plane that still uses it. */
struct srtp;

struct srtp *srtp_new(uint64_t key);
void srtp_free(struct srtp *srtp);
int fake_protect(void *context, void *packet, int *length);
int fake_unprotect(void *context, void *packet, int *length); /* poisons what was the tag */
int fake_protect_rtcp(void *context, void *packet, int *length);
int fake_unprotect_rtcp(void *context, void *packet, int *length);
/* What a peer does: appends the tag that `fake_unprotect` wants. Returns the new size. */
size_t seal(const struct srtp *srtp, uint8_t *packet, size_t size, bool rtcp);

/* ---- script.c */

struct script {
    const uint8_t *at, *end;
};

uint8_t take(struct script *script); /* 0 when nothing is left */
uint16_t take16(struct script *script);

enum { VP8 = 96, VP8_RTX = 97, H264 = 102, H264_RTX = 103, VP9 = 98, AV1 = 45, OPUS = 111 };
enum { MID = 1, SEND_TIME = 2, LEVEL = 3 };

struct encoder { /* where a publisher's numbers are */
    uint32_t ssrc, timestamp;
    uint16_t sequence;
};

/* An RTP packet; mostly the next one of `encoder`. Returns its size, at most `room`. */
size_t make_rtp(struct script *script, struct encoder *encoder, uint8_t *out, size_t room);
/* Flips, inserts, removes and overwrites some bytes. Returns the new size. */
size_t mutate_packet(struct script *script, uint8_t *packet, size_t size, size_t room);

struct stream make_stream(struct script *script, int64_t id);
/* `serial` gives the route SSRCs that no other one has had, as control does. */
struct route make_route(struct script *script, int64_t id, uint32_t serial);
struct address make_address(unsigned number);

/* ---- check.c */

/* A plane with small bounds, so that inputs reach them. Its outbox is checked whenever it is sent. */
struct plane *make_plane(void);
void check_plane(const struct plane *plane);
void check_overuse(const struct overuse *path);
void check_history(const struct history *history);
/* Frees the plane as well. */
void end_plane(struct plane *plane);

#endif
