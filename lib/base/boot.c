/* The kernel's boot clock, with the id under which its times mean something. */
#include "base/boot.h"

#include <fcntl.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"

#define BOOT_ID "/proc/sys/kernel/random/boot_id"

int64_t jl_boot_now(void) {
    struct timespec t = {0};
    (void)clock_gettime(CLOCK_BOOTTIME, &t); /* cannot fail: every Linux has it */
    return (int64_t)t.tv_sec * JL_SECOND + t.tv_nsec;
}

void jl_boot_id(char id[JL_BOOT_SIZE]) {
    int fd = open(BOOT_ID, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    ssize_t n = fd >= 0 ? read(fd, id, JL_BOOT_SIZE - 1) : 0;
    if (fd >= 0)
        close(fd); /* nothing was written */
    id[n > 0 ? n : 0] = '\0';
    id[strcspn(id, "\n")] = '\0';
}
