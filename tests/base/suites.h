/* One line a suite: X(name) for name_suite(). */
X(addr)
X(buf)
X(dict)
X(expr)
X(span)
X(pickle)
X(value)
