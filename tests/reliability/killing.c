/* Preloaded into a program: it dies, as by a SIGKILL from outside, before the nth call that changes a database file or its journal.

   KILL_PATH names the file (its journal and WAL begin with the same name), KILL_AT the call, from 1; each call is
   written into the file KILL_TRACE as a line "write NAME". */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

static int calls;

static int is_watched(const char *path) {
    const char *watched = getenv("KILL_PATH");
    return watched && !strncmp(path, watched, strlen(watched)) && !strstr(path, "limbec-lock");
}

static void point(const char *what, const char *path) {
    const char *trace = getenv("KILL_TRACE"), *at = getenv("KILL_AT");
    if (!is_watched(path)) return;
    calls++;
    if (trace) {
        FILE *file = fopen(trace, "a");
        if (file) {
            fprintf(file, "%s %s\n", what, strrchr(path, '/') ? strrchr(path, '/') + 1 : path);
            fclose(file);
        }
    }
    if (at && atoi(at) == calls) kill(getpid(), SIGKILL);
}

static void point_of(const char *what, int fd) {
    char link[64], path[4096];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length < 0) return;
    path[length] = 0;
    point(what, path);
}

#define NEXT(name) static __typeof__(&name) next; if (!next) next = (__typeof__(&name))dlsym(RTLD_NEXT, #name)

ssize_t write(int fd, const void *data, size_t size) { NEXT(write); point_of("write", fd); return next(fd, data, size); }
ssize_t pwrite(int fd, const void *data, size_t size, off_t at) { NEXT(pwrite); point_of("write", fd); return next(fd, data, size, at); }
ssize_t pwrite64(int fd, const void *data, size_t size, off64_t at) { NEXT(pwrite64); point_of("write", fd); return next(fd, data, size, at); }
int fsync(int fd) { NEXT(fsync); point_of("sync", fd); return next(fd); }
int fdatasync(int fd) { NEXT(fdatasync); point_of("sync", fd); return next(fd); }
int ftruncate(int fd, off_t size) { NEXT(ftruncate); point_of("truncate", fd); return next(fd, size); }
int ftruncate64(int fd, off64_t size) { NEXT(ftruncate64); point_of("truncate", fd); return next(fd, size); }
int unlink(const char *path) { NEXT(unlink); point("unlink", path); return next(path); }
