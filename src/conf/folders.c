#include <dirent.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/dict.h"
#include "base/mem.h"
#include "conf/folders.h"

/* A folder with more is no folder of a configuration: it is not kept. */
#define MAX_NAMES 4096

struct folder {
	struct dict *names; /* name -> kind, NULL: unknown what it has */
};

/* What a name stands for. */
static const char plain_file[] = "file", something[] = "something";

struct folders {
	struct dict *by_path; /* path -> struct folder, owned */
};

static void
folder_free(void *p)
{
	struct folder *f = p;

	dict_free(f->names);
	free(f);
}

struct folders *
folders_new(void)
{
	struct folders *f = xcalloc(1, sizeof(*f));

	f->by_path = dict_new(folder_free);
	return f;
}

void
folders_free(struct folders *f)
{
	if (f == NULL)
		return;
	dict_free(f->by_path);
	free(f);
}

static struct folder *
read_folder(const char *path)
{
	struct folder *f = xcalloc(1, sizeof(*f));
	DIR *dir = opendir(path);
	struct dirent *e;

	if (dir == NULL) {
		if (errno == ENOENT)
			f->names = dict_new(NULL);
		return f;
	}
	f->names = dict_new(NULL);
	while ((e = readdir(dir)) != NULL && dict_count(f->names) <= MAX_NAMES)
		dict_set(f->names, e->d_name,
		    (void *)(uintptr_t)(e->d_type == DT_REG ? plain_file
		                                            : something));
	(void)closedir(dir);
	if (e != NULL) {
		dict_free(f->names);
		f->names = NULL;
	}
	return f;
}

enum folders_answer
folders_ask(struct folders *f, const char *path)
{
	const void *kind;
	const char *slash = strrchr(path, '/');
	size_t n = slash == NULL ? 0 : (size_t)(slash - path);
	struct folder *folder;
	char *name;

	if (n == 0 || slash[1] == '\0')
		return FOLDERS_MAYBE;
	folder = dict_getn(f->by_path, path, n);
	if (folder == NULL) {
		name = xmemdup0(path, n);
		folder = read_folder(name);
		dict_set(f->by_path, name, folder);
		free(name);
	}
	if (folder->names == NULL)
		return FOLDERS_MAYBE;
	kind = dict_get(folder->names, slash + 1);
	return kind == NULL         ? FOLDERS_NO
	       : kind == plain_file ? FOLDERS_FILE
	                            : FOLDERS_MAYBE;
}
