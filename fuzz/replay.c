/*
 * Runs a fuzz target over its corpus: fuzz/fuzz_x over fuzz/corpus/x, or over
 * the files named as arguments.
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/io.h"
#include "base/mem.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

static int
replay(const char *path)
{
	struct buf b = BUF_INIT;
	char *heap;

	if (io_read_file(&b, path, 1 << 20) == -1) {
		perror(path);
		return -1;
	}
	heap = xmemdup0(b.p, b.n);
	(void)LLVMFuzzerTestOneInput((const uint8_t *)heap, b.n);
	free(heap);
	buf_release(&b);
	return 0;
}

static int
replay_dir(const char *dir)
{
	DIR *d = opendir(dir);
	struct dirent *e;
	int files = 0;

	if (d == NULL) {
		perror(dir);
		return EXIT_FAILURE;
	}
	while ((e = readdir(d)) != NULL) {
		struct buf path = BUF_INIT;

		if (e->d_name[0] == '.')
			continue;
		buf_addf(&path, "%s/%s", dir, e->d_name);
		files += replay(path.p) == 0;
		buf_release(&path);
	}
	(void)closedir(d);
	return files > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

int
main(int argc, char **argv)
{
	const char *name = strstr(argv[0], "fuzz_");
	const char *srcdir = getenv("srcdir");
	char dir[4096];
	int bad = 0;

	for (const char *p = name; p != NULL; p = strstr(p + 1, "fuzz_"))
		name = p;
	for (int i = 1; i < argc; i++)
		bad += replay(argv[i]) == -1;
	if (argc > 1 || name == NULL)
		return bad == 0 && name != NULL ? EXIT_SUCCESS : EXIT_FAILURE;
	(void)snprintf(dir, sizeof(dir), "%s/fuzz/corpus/%s",
	    srcdir != NULL ? srcdir : ".", name + strlen("fuzz_"));
	return replay_dir(dir);
}
