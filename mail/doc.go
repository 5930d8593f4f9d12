// Package mail holds the words that every room of Postern speaks: identifiers,
// flags, UIDs and secrets. It imports the standard library only and does no
// input or output; anything may import it.
package mail
