package mime

import (
	"bytes"
	"testing"

	"postern/fault"
)

// checkTree encodes, decodes and compares.
func checkTree(t interface{ Fatal(args ...any) }, p *Part) []byte {
	b := AppendTree([]byte("x"), p)[1:]
	got, err := DecodeTree(b)
	if err != nil {
		t.Fatal(err)
	}
	if want, got := dumpTree(p), dumpTree(got); want != got {
		t.Fatal("encoded:\n" + want + "decoded:\n" + got)
	}
	return b
}

func TestTreeOfSamples(t *testing.T) {
	for name, b := range samples(t) {
		m := Parse(b, Limits{})
		tree := checkTree(t, m.Root)
		if name == "plain" && len(tree) > 30 {
			t.Errorf("the tree of an ordinary text takes %d bytes", len(tree))
		}
		for n := range tree {
			if _, err := DecodeTree(tree[:n]); !fault.Is(err, fault.Damaged) {
				t.Fatalf("%s: a tree cut at %d of %d gives %v", name, n, len(tree), err)
			}
		}
		if _, err := DecodeTree(append(bytes.Clone(tree), 0)); !fault.Is(err, fault.Damaged) {
			t.Errorf("%s: a byte after the tree gives %v", name, err)
		}
	}
}

func TestTreeWordsOnce(t *testing.T) {
	seen := map[string]bool{}
	for _, w := range treeWords {
		if seen[w] || len(w) < 2 || len(w) > longestTreeWord {
			t.Errorf("%q is there twice or has no use", w)
		}
		seen[w] = true
	}
	if len(treeWords) > 64 {
		t.Errorf("%d words do not fit one byte each", len(treeWords))
	}
}

func TestDecodeTreeBounds(t *testing.T) {
	part := func(typ string, rest ...byte) []byte {
		b := []byte{treeVersion, 0}
		b = appendWord(appendWord(appendWord(b, typ), "mixed"), "7bit")
		return append(b, rest...)
	}
	for name, b := range map[string][]byte{
		"empty":              {},
		"version":            {treeVersion + 1},
		"children of 4 GB":   part("multipart", 0, 0, 9, 0, 0xff, 0xff, 0xff, 0xff, 0x0f),
		"no children":        part("multipart", 0, 0, 9, 0, 0),
		"offset of 2^62":     part("text", 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x3f, 0),
		"endless number":     part("text", bytes.Repeat([]byte{0xff}, 30)...),
		"unknown word":       {treeVersion, 0, 0x81, 0x01},
		"unknown mask":       {treeVersion, 0x80, 0x02, 1, 3, 7, 0, 0, 0, 0},
		"no parameters":      {treeVersion, 1, 1, 3, 7, 0, 0, 0, 0, 0},
		"child past the end": append(part("multipart", 0, 0, 1, 0, 1, 0), 1, 3, 7, 0, 0, 2, 0),
	} {
		if p, err := DecodeTree(b); !fault.Is(err, fault.Damaged) || p != nil {
			t.Errorf("%s: %v, %v", name, p, err)
		}
	}
}

func FuzzDecodeTree(f *testing.F) {
	for _, b := range samples(f) {
		f.Add(AppendTree(nil, Parse(b, Limits{}).Root))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		p, err := DecodeTree(b)
		if err != nil {
			return
		}
		again := checkTree(t, p)
		if len(again) > len(b) {
			t.Errorf("%d bytes became %d", len(b), len(again))
		}
	})
}

func BenchmarkDecodeTree(b *testing.B) {
	tree := AppendTree(nil, Parse(samples(b)["attachments"], Limits{}).Root)
	b.ReportAllocs()
	b.ReportMetric(float64(len(tree)), "bytes")
	for b.Loop() {
		if _, err := DecodeTree(tree); err != nil {
			b.Fatal(err)
		}
	}
}
