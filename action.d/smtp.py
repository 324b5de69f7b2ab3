# Writes mails over SMTP, from within the server: no Python runs, this file
# only marks the name. Use and options:
#
#     action = smtp.py[host="mail.example.org:25", dest="me@example.org",
#                      matches=matches]
#
#   host        server, with an optional :port        localhost
#   ssl         TLS from the first byte: true         false
#   user        name to log in with, and
#   password    its password
#   sender      address the mails come from           fail2ban
#   sendername  and the name                          Fail2Ban
#   dest        who gets them, separated by ", "      root
#   matches     what a mail shows of the log: matches, ipmatches or
#               ipjailmatches                         nothing
