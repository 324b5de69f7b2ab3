/* One line a suite: X(name) for name_suite(). */
X(receive)
