/* One line a suite: X(name) for name_suite(). */
X(client)
X(cliopts)
X(completion)
X(conn)
X(json)
X(render)
X(usage)
X(words)
