package imapwire

import "time"

// AppendDateTime appends t in its own zone as a quoted date-time (RFC 9051 §9).
func AppendDateTime(dst []byte, t time.Time) []byte {
	panic("being written")
}
