package imapwire

import (
	"testing"

	"postern/mail"
)

func BenchmarkDecodeUIDFetch(b *testing.B) {
	d := NewDecoder(&repeat{unit: "a1 UID FETCH 1:* (FLAGS)\r\n"}, AfterSignIn(), nil)
	b.ReportAllocs()
	for b.Loop() {
		if _, _, err := d.Next(); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkDecodeSearch(b *testing.B) {
	d := NewDecoder(&repeat{unit: "a1 UID SEARCH RETURN (ALL) OR FROM \"bob\" SUBJECT \"x y\" SINCE 1-Feb-2020 UNSEEN\r\n"}, AfterSignIn(), nil)
	b.ReportAllocs()
	for b.Loop() {
		if _, _, err := d.Next(); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkRowFlags(b *testing.B) {
	r := Row{B: make([]byte, 0, 1<<10)}
	f := mail.Flags{System: mail.FlagSeen}
	b.ReportAllocs()
	for b.Loop() {
		r.B = r.B[:0]
		r.BeginUID(12345, 23456)
		r.Flags(f)
		r.End()
	}
}

func BenchmarkAppendList(b *testing.B) {
	l := &ListData{Attrs: AttrHasNoChildren | AttrSent, Delim: '/', Mailbox: "Archive/2024"}
	buf := make([]byte, 0, 1<<10)
	b.ReportAllocs()
	for b.Loop() {
		buf = Encoder{}.AppendList(buf[:0], l)
	}
}

func BenchmarkMatchList(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		MatchList("Archive/%/20*", "Archive/Work/2024/Invoices", '/')
	}
}
