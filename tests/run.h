/*
 * run - the main part of each layer's Check program
 *
 * SUITES is the file that lists the suites, a line X(name) for each
 * name_suite() that a test_*.c of the layer exports.
 */
#ifndef TESTS_RUN_H
#define TESTS_RUN_H

#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#define X(name) Suite *name##_suite(void);
#include SUITES
#undef X

int
main(void)
{
	SRunner *sr = srunner_create(suite_create("all"));
	int failed;

#define X(name) srunner_add_suite(sr, name##_suite());
#include SUITES
#undef X
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

#endif
