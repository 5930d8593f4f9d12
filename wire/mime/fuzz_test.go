package mime

import (
	"strings"
	"testing"
)

// FuzzScanner: any bytes have a lawful tree, the same one however they are
// split; it survives its compact form.
func FuzzScanner(f *testing.F) {
	for _, b := range samples(f) {
		f.Add(b, uint16(3))
	}
	f.Fuzz(func(t *testing.T, b []byte, seed uint16) {
		for _, l := range []Limits{{}, {Depth: 2, Parts: 3, HeaderBytes: 60, FieldBytes: 20, TotalBytes: 90, Params: 1, Addresses: 2, PreviewBytes: 5}} {
			want := Parse(b, l)
			if err := lawful(want); err != nil {
				t.Fatal(err)
			}
			next := uint32(seed) + 1
			got := write(t, b, l, func(int) int {
				next = next*1103515245 + 12345
				return int(next>>16) % 29
			})
			if dump(got) != dump(want) {
				t.Fatalf("whole:\n%s\nsplit:\n%s", dump(want), dump(got))
			}
			checkTree(t, want.Root)
		}
	})
}

// FuzzAddresses: what is found is free of line ends, and groups are in order.
func FuzzAddresses(f *testing.F) {
	for _, s := range []string{
		`"Joe" <joe@x>, a@b (c)`, "g:a@b,c@d;,x", "<@a,@b:c@d>", `"unclosed <a@b>`, "a@b@c", "(((", "<>;:,@[]", "a:b:c;;",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		open := false
		for _, a := range ParseAddressList(s, 0) {
			switch a.Kind {
			case GroupStart, GroupEnd:
				if open == (a.Kind == GroupStart) || a.Host != "" || a.Name != "" || a.Route != "" {
					t.Fatalf("%q gives %+v", s, a)
				}
				open = a.Kind == GroupStart
			case Mailbox:
				if a == (Address{}) || len(a.Name)+len(a.Mailbox)+len(a.Host)+len(a.Route) > 2*len(s)+maxTokens {
					t.Fatalf("%q gives %+v", s, a)
				}
			}
		}
		if open {
			t.Fatalf("%q leaves a group open", s)
		}
		if n := len(ParseAddressList(s, 3)); n > 4 {
			t.Fatalf("%q gives %d addresses with a limit of 3", s, n)
		}
	})
}

func TestLongDisplayName(t *testing.T) {
	list := ParseAddressList(strings.Repeat("w ", 5000)+"<a@b>, c@d", 0)
	if len(list) != 2 || list[0].Mailbox != "a" || list[0].Host != "b" || list[1].Mailbox != "c" {
		t.Errorf("a name of 5,000 words gives %d addresses", len(list))
	}
}
