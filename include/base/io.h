/*
 * io - files and descriptors
 */
#ifndef BASE_IO_H
#define BASE_IO_H

#include <stddef.h>
#include <sys/types.h>

#include "base/buf.h"
#include "base/err.h"

/* Whole regular file of at most max bytes into out. -1: errno is set. */
int io_read_file(struct buf *out, const char *path, size_t max);
/* All bytes, through EINTR and short writes. -1: errno is set. */
int io_write_all(int fd, const char *p, size_t n);
/*
 * Writes lines, each with its newline, and takes what is written out of the
 * buffer. -1: a full disk or pipe has not taken all. Where more than max bytes
 * are left, lines are dropped and counted in lost; not the first one, of
 * which a part may be written.
 */
int io_write_lines(int fd, struct buf *lines, size_t max, unsigned long *lost);
/*
 * To be called first: where standard input, output or error are closed, they
 * are /dev/null, so that no file of ours gets their number.
 */
void io_open_standard(void);
/* O_NONBLOCK, FD_CLOEXEC on an existing descriptor. -1: errno is set. */
int io_set_nonblock(int fd);
int io_set_cloexec(int fd);

#endif
