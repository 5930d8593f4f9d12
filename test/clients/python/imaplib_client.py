"""Drives Python's imaplib through a session; ends with "all done"."""

import imaplib
import ssl
import sys

imap_port, imaps_port, ca_file, user, password = sys.argv[1:]


def message(subject):
    return (
        "From: tester@example.org\r\nTo: reader@postern.test\r\n"
        f"Date: Mon, 5 Jan 2026 10:00:00 +0000\r\nSubject: {subject}\r\n\r\n"
        f"The text of {subject}.\r\n"
    ).encode()


def ok(answer):
    status, data = answer
    if status != "OK":
        raise SystemExit(f"refused: {status} {data}")
    return data


def want(condition, what):
    if not condition:
        raise SystemExit(f"wrong: {what}")


context = ssl.create_default_context(cafile=ca_file)

# STARTTLS, and a wrong password.
plain = imaplib.IMAP4("localhost", int(imap_port), timeout=30)
ok(plain.starttls(context))
try:
    plain.login(user, "wrong")
    raise SystemExit("wrong: a wrong password was accepted")
except imaplib.IMAP4.error as e:
    want("AUTHENTICATIONFAILED" in str(e), f"words for a wrong password: {e}")
ok(plain.login(user, password))
ok(plain.noop())
plain.logout()

c = imaplib.IMAP4_SSL("localhost", int(imaps_port), ssl_context=context, timeout=30)
ok(c.authenticate("PLAIN", lambda _: f"\0{user}\0{password}".encode()))
ok(c.create("Python"))
ok(c.subscribe("Python"))
want(any(b"Python" in line for line in ok(c.list())), "LIST names Python")
want(any(b"Python" in line for line in ok(c.lsub())), "LSUB names Python")
want(b"personal" not in ok(c.namespace())[0], "NAMESPACE")

for i in range(3):
    ok(c.append("INBOX", r"(\Seen)" if i == 0 else None, '"05-Jan-2026 10:00:00 +0000"', message(f"python {i}")))
want(ok(c.select("INBOX")) == [b"3"], "SELECT counts 3")
want(ok(c.search(None, "UNSEEN")) == [b"2 3"], "SEARCH UNSEEN")
want(ok(c.search(None, "SUBJECT", '"python 1"')) == [b"2"], "SEARCH SUBJECT")
want(ok(c.search("UTF-8", "TEXT", '"text of python 2"')) == [b"3"], "SEARCH TEXT")
want(ok(c.uid("SEARCH", "SENTON", "5-Jan-2026")) == [b"1 2 3"], "UID SEARCH SENTON")

data = ok(c.fetch("2", "(RFC822)"))
want(data[0][1] == message("python 1"), "FETCH RFC822 gives the bytes back")
data = ok(c.fetch("3", "(BODY.PEEK[HEADER.FIELDS (SUBJECT)] INTERNALDATE)"))
want(data[0][1] == b"Subject: python 2\r\n\r\n", "FETCH HEADER.FIELDS")
want(imaplib.Internaldate2tuple(data[0][0] + data[1]) is not None, "INTERNALDATE")
data = ok(c.fetch("2", "(FLAGS)"))
want(rb"\Seen" in data[0], "FETCH RFC822 sets \\Seen")

ok(c.store("3", "+FLAGS", r"(\Flagged)"))
ok(c.copy("3", "Python"))
want(b"MESSAGES 1" in ok(c.status("Python", "(MESSAGES UIDNEXT)"))[0], "STATUS of the copy")
ok(c.store("2", "+FLAGS", r"(\Deleted)"))
want(ok(c.expunge()) == [b"2"], "EXPUNGE tells 2")
want(ok(c.uid("SEARCH", "ALL")) == [b"1 3"], "UIDs after EXPUNGE")
ok(c.create("Passing"))
ok(c.rename("Passing", "Passed"))
ok(c.delete("Passed"))
want(c.select("Passed")[0] == "NO", "SELECT of a deleted mailbox")
ok(c.select("INBOX", readonly=True))
ok(c.unselect())
c.logout()
print("all done")
