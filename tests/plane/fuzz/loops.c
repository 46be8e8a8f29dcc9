#include "loops.h"

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

int open_socket(struct sockaddr_in *name) {
    int number = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    socklen_t length = sizeof *name;
    *name = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    REQUIRE(number >= 0 && !bind(number, (struct sockaddr *)name, length));
    REQUIRE(!getsockname(number, (struct sockaddr *)name, &length));
    return number;
}

struct address address_of(const struct sockaddr_in *name) {
    return (struct address){.family = AF_INET, .port = ntohs(name->sin_port), .ip = {127, 0, 0, 1}};
}

int read_events(struct loop *loop) {
    uint64_t heard;
    ssize_t size = read(loop->notify_fd, &heard, sizeof heard);
    (void)size;
    loop_lock(loop);
    struct event *events = loop->plane->events;
    int n = loop->plane->n_events;
    loop->plane->events = NULL;
    loop->plane->n_events = loop->plane->room_events = 0;
    loop_unlock(loop);
    for (int i = 0; i < n; i++) free(events[i].data);
    free(events);
    return n;
}
