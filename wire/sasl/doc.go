// Package sasl reads SASL messages and derives what a server keeps to check
// them: PLAIN (RFC 4616) and the verifiers of SCRAM-SHA-256 (RFC 5802, RFC
// 7677). It is pure; the doors call ParsePlain, signin derives verifiers when a
// password is set. It decides about no sign-in.
package sasl
