/* One line a suite: X(name) for name_suite(). */
X(config)
X(firewall)
X(ini)
X(option)
