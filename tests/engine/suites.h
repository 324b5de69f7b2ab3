/* One line a suite: X(name) for name_suite(). */
X(action)
X(actiontags)
X(bans)
X(bantime)
X(history)
X(runner)
X(tally)
X(ticket)
