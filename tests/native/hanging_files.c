/* Files below $HANG_BELOW that hang while the file $HANG_WHILE exists, as those of a file server that is down. Preload it. */
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static void wait_for(const char *path) {
    const char *below = getenv("HANG_BELOW"), *flag = getenv("HANG_WHILE");
    if (!below || !flag || !path || strncmp(path, below, strlen(below)) != 0) return;
    while (syscall(SYS_faccessat, AT_FDCWD, flag, F_OK) == 0) usleep(20000);
}

static void wait_for_descriptor(int descriptor) {
    char link[64], path[4096];
    snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
    ssize_t length = syscall(SYS_readlinkat, AT_FDCWD, link, path, sizeof path - 1);
    if (length < 0) return;
    path[length] = 0;
    wait_for(path);
}

#define NEXT(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))
#define MODE(flags) mode_t mode = 0; if ((flags) & O_CREAT) { va_list rest; va_start(rest, flags); mode = va_arg(rest, mode_t); va_end(rest); }

int open(const char *path, int flags, ...) { MODE(flags) wait_for(path); return NEXT(open)(path, flags, mode); }
int open64(const char *path, int flags, ...) { MODE(flags) wait_for(path); return NEXT(open64)(path, flags, mode); }
int openat(int at, const char *path, int flags, ...) { MODE(flags) wait_for(path); return NEXT(openat)(at, path, flags, mode); }
int openat64(int at, const char *path, int flags, ...) { MODE(flags) wait_for(path); return NEXT(openat64)(at, path, flags, mode); }
int stat(const char *path, struct stat *into) { wait_for(path); return NEXT(stat)(path, into); }
int stat64(const char *path, struct stat64 *into) { wait_for(path); return NEXT(stat64)(path, into); }
int lstat(const char *path, struct stat *into) { wait_for(path); return NEXT(lstat)(path, into); }
int lstat64(const char *path, struct stat64 *into) { wait_for(path); return NEXT(lstat64)(path, into); }
int fstatat(int at, const char *path, struct stat *into, int flags) { wait_for(path); return NEXT(fstatat)(at, path, into, flags); }
int fstatat64(int at, const char *path, struct stat64 *into, int flags) { wait_for(path); return NEXT(fstatat64)(at, path, into, flags); }
int fstat(int descriptor, struct stat *into) { wait_for_descriptor(descriptor); return NEXT(fstat)(descriptor, into); }
int fstat64(int descriptor, struct stat64 *into) { wait_for_descriptor(descriptor); return NEXT(fstat64)(descriptor, into); }
int access(const char *path, int mode) { wait_for(path); return NEXT(access)(path, mode); }
int mkdir(const char *path, mode_t mode) { wait_for(path); return NEXT(mkdir)(path, mode); }
DIR *opendir(const char *path) { wait_for(path); return NEXT(opendir)(path); }
ssize_t write(int descriptor, const void *data, size_t size) { wait_for_descriptor(descriptor); return NEXT(write)(descriptor, data, size); }
