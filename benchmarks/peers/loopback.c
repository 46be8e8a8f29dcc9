/* Preloaded into Janus: it skips loopback interfaces, and our measurements use no other. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <ifaddrs.h>
#include <net/if.h>

int getifaddrs(struct ifaddrs **list) {
    int (*real)(struct ifaddrs **) = (int (*)(struct ifaddrs **))dlsym(RTLD_NEXT, "getifaddrs");
    int result = real(list);
    for (struct ifaddrs *at = result == 0 ? *list : 0; at != 0; at = at->ifa_next)
        at->ifa_flags ^= IFF_LOOPBACK; /* loopback becomes a real one, and the real ones loopback */
    return result;
}
