package credential

import "golang.org/x/text/secure/precis"

// MaxPassword is the longest password that can match, in bytes.
const MaxPassword = 1024

// prepare makes equal what a person cannot tell apart: the OpaqueString profile
// of RFC 8265 §4.2 (NFC, one kind of space). What the profile forbids, such as
// bytes that are no UTF-8, is taken as it is.
func prepare(password []byte) []byte {
	for _, c := range password {
		if c < 0x20 || c > 0x7e {
			p, err := precis.OpaqueString.Bytes(password)
			if err != nil {
				return password
			}
			return p
		}
	}
	return password
}
