/* integer - whole numbers as Python's int() reads them */
#ifndef BASE_INTEGER_H
#define BASE_INTEGER_H

/*
 * Blanks around, a sign, digits; single underscores between digits. What does
 * not fit becomes the nearest that does. Returns 0, or -1 with ret untouched.
 */
int integer_parse(long long *ret, const char *text);

#endif
