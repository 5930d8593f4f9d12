package imapwire

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"postern/mail"
)

// session is a decoder whose "+" are counted.
func session(in string, lim Limits) (d *Decoder, plus *int) {
	plus = new(int)
	return NewDecoder(strings.NewReader(in), lim, func() error { *plus++; return nil }), plus
}

func nextAppend(t *testing.T, d *Decoder) *Append {
	t.Helper()
	_, cmd, err := d.Next()
	if err != nil {
		t.Fatal(err)
	}
	c, ok := cmd.(*Append)
	if !ok {
		t.Fatalf("got %T", cmd)
	}
	return c
}

func wantNoop(t *testing.T, d *Decoder) {
	t.Helper()
	if tag, cmd, err := d.Next(); err != nil || tag != "z" || cmd.Verb() != "NOOP" {
		t.Fatalf("then %q %v %v, want z NOOP", tag, cmd, err)
	}
}

func TestAppendMessages(t *testing.T) {
	d, plus := session("a APPEND x (\\Seen) \" 1-Jan-2020 00:00:00 +0130\" {3}\r\nabc ~{4+}\r\nd\x00f\n UTF8 (~{2}\r\n\xc3\xa4)\r\nz NOOP\r\n", AfterSignIn())
	c := nextAppend(t, d)
	if *plus != 0 {
		t.Fatal("the literal was asked for before Accept")
	}
	var bodies []string
	var heads []AppendMessage
	for more := true; more; {
		heads = append(heads, c.Message)
		r, err := c.Accept()
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		bodies = append(bodies, string(b))
		if more, err = c.More(); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff([]string{"abc", "d\x00f\n", "ä"}, bodies); diff != "" {
		t.Fatal(diff)
	}
	date, _ := parseDateTime(" 1-Jan-2020 00:00:00 +0130")
	want := []AppendMessage{
		{Flags: mail.Flags{System: mail.FlagSeen}, Date: date, Size: 3},
		{Size: 4, Binary: true, NonSync: true},
		{Size: 2, Binary: true, UTF8: true},
	}
	if diff := cmp.Diff(want, heads, same()); diff != "" {
		t.Fatal(diff)
	}
	if *plus != 2 {
		t.Fatalf("%d times +, want 2", *plus)
	}
	wantNoop(t, d)
}

func TestAppendRefused(t *testing.T) {
	for name, in := range map[string]string{
		"waiting":        "a APPEND x {300000}\r\n",
		"under way":      "a APPEND x {3+}\r\nabc\r\n",
		"with more":      "a APPEND x {3+}\r\nabc {2+}\r\nab ~{1+}\r\nx\r\n",
		"more, waiting":  "a APPEND x {3+}\r\nabc {2}\r\n",
		"UTF8 under way": "a APPEND x UTF8 (~{3+}\r\nabc)\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			d, plus := session(in+"z NOOP\r\n", AfterSignIn())
			c := nextAppend(t, d)
			if closed, err := c.Refuse(); closed || err != nil || *plus != 0 {
				t.Fatalf("close %v, error %v, %d times +", closed, err, *plus)
			}
			if closed, err := c.Refuse(); closed || err != nil {
				t.Fatalf("again: close %v, error %v", closed, err)
			}
			wantNoop(t, d)
		})
		t.Run(name+" by the next command", func(t *testing.T) {
			d, _ := session(in+"z NOOP\r\n", AfterSignIn())
			nextAppend(t, d)
			wantNoop(t, d)
		})
	}
}

func TestAppendRefusedHalfway(t *testing.T) {
	d, plus := session("a APPEND x {8}\r\nabcdefgh {2+}\r\nab\r\nz NOOP\r\n", AfterSignIn())
	c := nextAppend(t, d)
	r, err := c.Accept()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(r, make([]byte, 3)); err != nil {
		t.Fatal(err)
	}
	if closed, err := c.Refuse(); closed || err != nil || *plus != 1 {
		t.Fatalf("close %v, error %v, %d times +", closed, err, *plus)
	}
	if n, err := r.Read(make([]byte, 8)); n != 0 || !errors.Is(err, io.EOF) {
		t.Fatalf("the reader of a refused message gave %d bytes, %v", n, err)
	}
	wantNoop(t, d)
}

func TestAppendTooBigToDrain(t *testing.T) {
	d, plus := session("a APPEND x {99999999999+}\r\nabc", AfterSignIn())
	c := nextAppend(t, d)
	closed, err := c.Refuse()
	if !closed || err != nil || *plus != 0 {
		t.Fatalf("close %v, error %v", closed, err)
	}
	if _, _, err := d.Next(); err == nil {
		t.Fatal("the decoder went on")
	}
}

func TestAppendErrors(t *testing.T) {
	t.Run("wrong head of the second message", func(t *testing.T) {
		d, _ := session("a APPEND x {1}\r\na frob {3+}\r\nabc\r\nz NOOP\r\n", AfterSignIn())
		c := nextAppend(t, d)
		if _, err := c.Accept(); err != nil {
			t.Fatal(err)
		}
		more, err := c.More()
		var e *SyntaxError
		if more || !errors.As(err, &e) || e.Tag != "a" || e.Verb != "APPEND" {
			t.Fatalf("more %v, error %v", more, err)
		}
		wantNoop(t, d)
	})
	t.Run("no ) after UTF8", func(t *testing.T) {
		d, _ := session("a APPEND x UTF8 (~{1}\r\na\r\nz NOOP\r\n", AfterSignIn())
		c := nextAppend(t, d)
		if _, err := c.Accept(); err != nil {
			t.Fatal(err)
		}
		var e *SyntaxError
		if _, err := c.More(); !errors.As(err, &e) {
			t.Fatalf("error %v", err)
		}
		wantNoop(t, d)
	})
	t.Run("the connection ends", func(t *testing.T) {
		d, _ := session("a APPEND x {9}\r\nabc", AfterSignIn())
		r, err := nextAppend(t, d).Accept()
		if err != nil {
			t.Fatal(err)
		}
		if b, err := io.ReadAll(r); string(b) != "abc" || !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Fatalf("%q, %v", b, err)
		}
		if _, _, err := d.Next(); !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Fatalf("then %v", err)
		}
	})
	t.Run("out of order", func(t *testing.T) {
		d, _ := session("a APPEND x {1}\r\na\r\nz NOOP\r\n", AfterSignIn())
		c := nextAppend(t, d)
		if _, err := c.More(); err == nil {
			t.Fatal("More before Accept")
		}
		if _, err := c.Accept(); err != nil {
			t.Fatal(err)
		}
		if _, err := c.Accept(); err == nil {
			t.Fatal("Accept twice")
		}
		if more, err := c.More(); more || err != nil {
			t.Fatal(more, err)
		}
		wantNoop(t, d)
	})
}

// TestAppendLarge checks that a message goes from the connection to the
// caller without a buffer of its size.
func TestAppendLarge(t *testing.T) {
	body := bytes.Repeat([]byte("0123456789abcdef"), 1<<16)
	in := io.MultiReader(strings.NewReader("a APPEND x {1048576+}\r\n"), bytes.NewReader(body), strings.NewReader("\r\nz NOOP\r\n"))
	d := NewDecoder(in, AfterSignIn(), nil)
	c := nextAppend(t, d)
	r, err := c.Accept()
	if err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(r)
	if err != nil || !bytes.Equal(got, body) {
		t.Fatalf("%d bytes, %v", len(got), err)
	}
	if len(d.src.buf) > keepBuffer {
		t.Fatalf("a buffer of %d bytes", len(d.src.buf))
	}
	if more, err := c.More(); more || err != nil {
		t.Fatal(more, err)
	}
	wantNoop(t, d)
}
