/* libsrtp, called by the addresses of its functions in the pylibsrtp wheel: nothing to link, no header to install. */
#pragma once

/* srtp_protect, srtp_unprotect and their RTCP twins: in place, 0 is success (libsrtp 2). */
typedef int (*srtp_call)(void *context, void *packet, int *length);

struct srtp_api {
    srtp_call protect, unprotect, protect_rtcp, unprotect_rtcp;
};
