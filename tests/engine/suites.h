/* One line a suite: X(name) for name_suite(). */
X(bans)
X(bantime)
X(runner)
X(tally)
X(ticket)
