package imapwire

// EncodeUTF7 gives a UTF-8 mailbox name in modified UTF-7 (RFC 3501 §5.1.3).
func EncodeUTF7(name string) string { panic("being written") }

// DecodeUTF7 gives the UTF-8 of a name in modified UTF-7; false if it is none.
func DecodeUTF7(name string) (string, bool) { panic("being written") }
