// Package imapwire turns IMAP4rev1 (RFC 3501) and IMAP4rev2 (RFC 9051) bytes
// into values and values into bytes, as a server needs it. It does no policy
// and knows no mailbox: server/imapserver calls it for the conversation, and
// mailbox calls AppendEnvelope and AppendBodyStructure once, at delivery.
//
// The Decoder reads one command at a time into a Command struct. It bounds
// everything (line, literal, depth, counts) before it allocates, and before
// sign-in it does not even parse the arguments of commands that need one. A
// command that cannot be parsed is a *SyntaxError that carries the tag and
// says in plain words what was expected; the rest of that command is discarded
// so that the conversation goes on. The message of an APPEND is never read by
// the decoder: the session pulls it after it decided to accept.
//
// The Encoder appends to a byte slice and allocates nothing else. What comes
// out is always one well-formed response, whatever the strings that went in:
// CR, LF and NUL cannot leave through a quoted string, an atom or a text.
package imapwire
