package mime

// Bounds that are no matter of taste.
const (
	maxBoundary = 250    // bytes; RFC 2046 §5.1.1 says 70, mailers of today go past 100
	maxDash     = 600    // a line longer than this is no boundary line
	maxName     = 32     // no field of interest has a longer name
	totalParams = 50_000 // parameters and language tags in a whole message
	defaultCTE  = "7bit" // RFC 2045 §6.1
	kibi        = 1 << 10
	mebi        = 1 << 20
	previewLen  = 256 // characters, RFC 8970 §3.1
)

// withDefaults fills the zero fields in.
func (l Limits) withDefaults() Limits {
	set := func(v *int, def int) {
		if *v <= 0 {
			*v = def
		}
	}
	set(&l.Depth, 100)
	set(&l.Parts, 10_000)
	set(&l.HeaderFields, 1000)
	set(&l.HeaderBytes, mebi)
	set(&l.FieldBytes, 64*kibi)
	set(&l.TotalBytes, 4*mebi)
	set(&l.Params, 200)
	set(&l.Addresses, 20_000)
	set(&l.References, 200)
	set(&l.PreviewBytes, 8*kibi)
	l.Depth = min(l.Depth, MaxDepth)
	return l
}
