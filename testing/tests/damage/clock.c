/* A clock that is off: loaded into a node by LD_PRELOAD, it adds to the machine's time the seconds that a file names. The steady clocks stay. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static int (*machine_clock)(clockid_t, struct timespec *);

static long long seconds_off(void) {
    static _Thread_local struct timespec looked;
    static _Thread_local long long seconds;
    struct timespec now;
    machine_clock(CLOCK_MONOTONIC, &now);
    if (looked.tv_sec == 0 || (now.tv_sec - looked.tv_sec) * 1000 + (now.tv_nsec - looked.tv_nsec) / 1000000 > 20) {
        looked = now;
        const char *path = getenv("CLOCK_OFF_BY");
        FILE *file = path ? fopen(path, "r") : NULL;
        if (file) {
            if (fscanf(file, "%lld", &seconds) != 1) seconds = 0;
            fclose(file);
        }
    }
    return seconds;
}

int clock_gettime(clockid_t clock, struct timespec *time) {
    if (!machine_clock) machine_clock = (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime");
    int result = machine_clock(clock, time);
    if (result == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) time->tv_sec += seconds_off();
    return result;
}
