// Package mime turns the bytes of a message into values: the tree of its parts
// with byte offsets, its envelope, its preview, its references; and header
// bytes into text. The mailbox calls it once per message while the bytes
// stream to disk, and again with ranges of stored bytes; wire/imapwire and the
// JMAP door render what it found.
//
// It never fails on what a message holds: mail is read as it is, however
// broken, and every message has a valid tree (RFC 2045 to 2049, 2183, 2231,
// 5322, 6532). It never changes bytes. It never holds a body: a Scanner keeps
// bounded header values and a bounded prefix of one text part, so the memory
// for a message of any size and malice is bounded by its Limits, and the time
// is linear in the message's size.
//
// All offsets count bytes of the message as stored, from 0. Lines may end with
// CR LF or with a bare LF, mixed too: mail imported from mbox and maildir has
// bare LFs.
package mime
