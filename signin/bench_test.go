package signin

import (
	"fmt"
	"sync/atomic"
	"testing"
)

// benchRig has accounts whose passwords are all known to be right.
func benchRig(b *testing.B, accounts int) (*rig, []Attempt) {
	b.Helper()
	r := newRig(b, func(o *Options) { o.Logger = nil })
	list := make([]Attempt, accounts)
	for i := range list {
		name := fmt.Sprintf("user%d@postern.test", i)
		r.account(name, "right")
		list[i] = attempt(name, "right")
		r.expect("warming", "allow", list[i])
	}
	return r, list
}

func BenchmarkSignInCached(b *testing.B) {
	r, list := benchRig(b, 16)
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		v := r.SignIn(b.Context(), list[i%len(list)])
		if v.Grant == nil {
			b.Fatalf("%v %s", v.Outcome, v.Reason)
		}
		v.Grant.Release()
		i++
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "signins/s")
	b.ReportMetric(float64(r.log.lost())/float64(b.N), "lost/op")
}

func BenchmarkSignInCachedParallel(b *testing.B) {
	r, list := benchRig(b, 64)
	b.ReportAllocs()
	var next atomic.Int64
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			v := r.SignIn(b.Context(), list[int(next.Add(1))%len(list)])
			if v.Grant == nil {
				b.Errorf("%v %s", v.Outcome, v.Reason)
				return
			}
			v.Grant.Release()
		}
	})
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "signins/s")
}
