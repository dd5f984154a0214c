/* Stands before the C library: makes fsync fail by a schedule, and moves the clock about.
 *
 * FAULT_SYNC="after:N"  every sync past the first N fails with EIO
 * FAULT_SYNC="every:N"  every Nth sync fails with EIO
 * FAULT_SKIP="N"        the first N syncs are not counted, and succeed
 * FAULT_CLOCK="jump"    the time of day jumps: back a day, on ten years, and back again
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/time.h>
#include <time.h>

static long synced, asked;

static int sync_fails(void) {
    const char *plan = getenv("FAULT_SYNC");
    const char *skip = getenv("FAULT_SKIP");
    long n;
    synced++;
    if (skip && synced <= atol(skip)) return 0;
    if (plan && sscanf(plan, "after:%ld", &n) == 1) return synced > n;
    if (plan && sscanf(plan, "every:%ld", &n) == 1) return synced % n == 0;
    return 0;
}

static int synced_by(const char *name, int fd) {
    int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, name);
    if (sync_fails()) {
        errno = EIO;
        return -1;
    }
    return real(fd);
}

int fsync(int fd) { return synced_by("fsync", fd); }
int fdatasync(int fd) { return synced_by("fdatasync", fd); }

static long jump(void) {
    static const long jumps[] = {0, -86400, 315360000, -86400, 1, 0};
    return getenv("FAULT_CLOCK") ? jumps[asked++ % 6] : 0;
}

int clock_gettime(clockid_t id, struct timespec *at) {
    int (*real)(clockid_t, struct timespec *) = (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime");
    int answer = real(id, at);
    if (answer == 0 && id == CLOCK_REALTIME) at->tv_sec += jump();
    return answer;
}

int gettimeofday(struct timeval *restrict at, void *restrict zone) {
    struct timespec now;
    int answer = clock_gettime(CLOCK_REALTIME, &now);
    (void)zone;
    at->tv_sec = now.tv_sec;
    at->tv_usec = now.tv_nsec / 1000;
    return answer;
}

time_t time(time_t *to) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (to) *to = now.tv_sec;
    return now.tv_sec;
}
