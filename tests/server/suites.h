/* One line a suite: X(name) for name_suite(). */
X(control)
X(monitor_text)
X(command)
X(cymru)
X(due)
X(channel)
X(watch)
