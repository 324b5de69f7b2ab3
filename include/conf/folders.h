/*
 * folders - what is in the folders of a configuration
 *
 * Most files that a configuration may have are not there. Each folder is
 * read once instead of asking for every one of them.
 */
#ifndef CONF_FOLDERS_H
#define CONF_FOLDERS_H

struct folders;

struct folders *folders_new(void);
void folders_free(struct folders *f);

/* As of when the folder of the path was read. */
enum folders_answer {
	FOLDERS_NO,   /* there is surely nothing of that name */
	FOLDERS_FILE, /* it is a regular file */
	FOLDERS_MAYBE /* ask the system */
};
enum folders_answer folders_ask(struct folders *f, const char *path);

#endif
