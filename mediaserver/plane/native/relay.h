/* Packets from one plane's thread to another's: the streams of a room that is spread over both. */
#ifndef TONGKE_RELAY_H
#define TONGKE_RELAY_H

#include "plane.h"

/* What waits for one plane. Whoever relays to it holds a reference, and may hold it longer than the plane lives.
 * Its own lock is the last one anybody takes, so a thread may relay with its plane's lock in hand and two planes
 * may relay to each other. */
struct inbox;

struct inbox *inbox_new(void); /* NULL with errno set */
void inbox_hold(struct inbox *inbox);
void inbox_release(struct inbox *inbox);
/* The plane is ending: what waits is forgotten, and nothing is taken any more. */
void inbox_close(struct inbox *inbox);
/* Readable once after something was put into an empty inbox; `inbox_hear` makes it wait for the next time. */
int inbox_fd(const struct inbox *inbox);
void inbox_hear(struct inbox *inbox);
/* Take up to `limit` packets into the plane, whose lock the caller holds. Returns whether there may be more. */
bool inbox_drain(struct inbox *inbox, struct plane *plane, int limit);

/* From now on hand the stream's packets to `inbox`, beginning with those that came at or after `since_us`; what is
 * pending has been flushed. False when memory is short. */
bool relay_start(struct plane *plane, struct stream *stream, struct inbox *inbox, int64_t since_us);
void relay_stop(struct stream *stream, struct inbox *inbox);
void relay_stop_all(struct stream *stream);
/* The packets of one batch to all mirrors of their stream. */
void relay(struct plane *plane, const struct stream *stream, const struct parsed *packets, int n);

#endif
