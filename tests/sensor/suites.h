/* One line a suite: X(name) for name_suite(). */
X(failregex)
X(datedetect)
X(filter)
X(regex)
X(filterspec)
X(mlf)
X(prefilter)
