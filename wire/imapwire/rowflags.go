package imapwire

// FlagsIMAP appends FLAGS (…) with names that were rendered before, divided by
// spaces: what the mailbox engine keeps for each combination of flags.
func (r *Row) FlagsIMAP(rendered []byte) {
	r.item("FLAGS (")
	r.B = append(r.B, rendered...)
	r.B = append(r.B, ')')
}
