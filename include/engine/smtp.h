/*
 * smtp - the action smtp.py, native
 *
 * fail2ban runs action.d/smtp.py with a Python interpreter; here the same
 * options make the same mails. The conversation with the mail server is held
 * by a short-lived child: this program again, with "--smtp".
 */
#ifndef ENGINE_SMTP_H
#define ENGINE_SMTP_H

#include "base/err.h"

/* Its only argument. */
#define SMTP_WORD "--smtp"

struct action;

/* -1 with a sentence in err unless the file is one that runs natively. */
int smtp_accepts(const char *python, struct err *err);
/* Makes the properties from the JSON object of options. */
int smtp_options(struct action *a, const char *json, struct err *err);

/* The child: sends what is on standard input. Returns the exit status. */
int smtp_main(void);

#endif
