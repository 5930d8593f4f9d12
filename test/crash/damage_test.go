//go:build crash

package crash

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"postern/test/crash/oracle"
	"postern/test/posterntest"
)

// TestDamage flips one bit of the data of a program that does not run. It is
// found and named, by fsck or by a start that says why it cannot be; wrong
// bytes are never served, and what is elsewhere is read.
func TestDamage(t *testing.T) {
	w := newWorld(t, 1)
	w.start()
	conn, err := posterntest.Login(t.Context(), w.server.IMAP, "bob@"+posterntest.Domain, password)
	w.must(err)
	w.must(conn.Must("CREATE d"))
	r := rand.New(rand.NewPCG(w.seed, 7))
	want := make(map[string]bool)
	var blobs [][]byte // kept in segments
	for i, size := range []int{200, 400, 3000, 20 << 10, 70 << 10, 100 << 10, 250 << 10, 300 << 10, 900 << 10} {
		m := oracle.Make(r, fmt.Sprintf("damage.%d", i), size)
		a, err := conn.Append("d", "", true, m)
		w.must(err)
		if !a.OK() {
			t.Fatal(a)
		}
		want[string(m)] = true
		if size > 64<<10 {
			blobs = append(blobs, m)
		}
	}
	conn.Close()
	for range 2 { // a start moves what the log holds into tables
		w.stop()
		w.start()
	}
	w.stop()
	sound := w.opts.Dir + ".sound"
	w.must(os.RemoveAll(filepath.Join(w.opts.Dir, "admin.sock")))
	w.must(os.CopyFS(sound, os.DirFS(w.opts.Dir)))
	d := &damage{world: w, sound: sound, want: want}
	for i := range posterntest.Share(4, 400) {
		m := blobs[i%len(blobs)]
		d.blob(m, r.IntN(len(m)*8))
	}
	files := d.files("store/*.sst", "store/*.blob")
	if len(files) < 2 {
		t.Fatalf("only %v: nothing to damage", files)
	}
	for range posterntest.Share(6, 400) {
		name := files[r.IntN(len(files))]
		raw, err := os.ReadFile(filepath.Join(sound, name))
		w.must(err)
		d.flip(name, int64(r.IntN(len(raw)*8)))
	}
	t.Logf("%d bits flipped: %d named by fsck, %d by a start that was refused", d.flips, d.found, d.refused)
}

type damage struct {
	*world
	sound                 string
	want                  map[string]bool
	flips, found, refused int
}

func (d *damage) files(patterns ...string) []string {
	d.Helper()
	var all []string
	for _, p := range patterns {
		names, err := filepath.Glob(filepath.Join(d.sound, p))
		d.must(err)
		for _, n := range names {
			all = append(all, strings.TrimPrefix(n, d.sound+"/"))
		}
	}
	slices.Sort(all)
	return all
}

// blob flips a bit of a message where its segment holds it.
func (d *damage) blob(message []byte, bit int) {
	d.Helper()
	for _, name := range d.files("blobs/*.seg", "blobs/*.one") {
		raw, err := os.ReadFile(filepath.Join(d.sound, name))
		d.must(err)
		if at := bytes.Index(raw, message); at >= 0 {
			d.flip(name, int64(at)*8+int64(bit))
			return
		}
	}
	d.Fatal("no segment holds the message")
}

// flip damages a copy, starts on it, reads all and asks fsck.
func (d *damage) flip(name string, bit int64) {
	d.Helper()
	d.flips++
	what := fmt.Sprintf("bit %d of byte %d of %s", bit%8, bit/8, name)
	d.must(os.RemoveAll(d.opts.Dir))
	d.must(os.CopyFS(d.opts.Dir, os.DirFS(d.sound)))
	f, err := os.OpenFile(filepath.Join(d.opts.Dir, name), os.O_RDWR, 0)
	d.must(err)
	var b [1]byte
	_, err = f.ReadAt(b[:], bit/8)
	d.must(err)
	b[0] ^= 1 << (bit % 8)
	_, err = f.WriteAt(b[:], bit/8)
	d.must(err)
	f.Close()

	began := time.Now()
	defer func() {
		if took := time.Since(began); took > 10*time.Second {
			d.Logf("%s: reading and checking took %v", what, took)
		}
	}()
	server, err := posterntest.Start(d.Context(), d.binary, d.opts)
	if err != nil {
		d.refused++
		if !strings.Contains(err.Error(), "ended with 1 ") || !strings.Contains(err.Error(), filepath.Base(name)) {
			d.Errorf("%s: the start does not name it: %v", what, err)
		}
		return
	}
	d.server = server
	defer d.kill()
	d.read(what, strings.HasPrefix(name, "blobs/"))
	out, code := d.command("fsck", "--data", d.opts.Dir)
	if code != 1 || strings.Contains(out, " 0 findings") {
		d.Errorf("%s: fsck does not find it (%d): %s", what, code, out)
		return
	}
	d.found++
}

// read wants each message to come whole or not at all. Damage to a blob is one
// message's alone, and its FETCH says so.
func (d *damage) read(what string, one bool) {
	d.Helper()
	conn, err := posterntest.Login(d.Context(), d.server.IMAP, "bob@"+posterntest.Domain, password)
	if err != nil {
		if one || strings.Contains(err.Error(), "AUTHENTICATIONFAILED") {
			d.Errorf("%s: %v", what, err)
		}
		return
	}
	defer conn.Close()
	a, err := conn.Do("EXAMINE d")
	d.must(err)
	if !a.OK() {
		if one {
			d.Errorf("%s: EXAMINE: %s", what, a)
		}
		return
	}
	whole, said := 0, ""
	for uid := 1; uid <= len(d.want); uid++ {
		a, err := conn.Do("UID FETCH %d BODY.PEEK[]", uid)
		if err != nil { // torn in the middle of a literal: the connection ends
			said = err.Error()
			conn.Close()
			conn, err = posterntest.Login(d.Context(), d.server.IMAP, "bob@"+posterntest.Domain, password)
			d.must(err)
			defer conn.Close()
			d.must(conn.Must("EXAMINE d"))
			continue
		}
		for _, l := range a.Lines {
			for _, literal := range l.Literals {
				if whole++; !d.want[string(literal)] {
					d.Errorf("%s: UID %d is served with %d wrong bytes: %.100q, %s", what, uid, len(literal), literal, a)
				}
			}
		}
		if !a.OK() {
			said = a.String()
		}
	}
	if one && (whole != len(d.want)-1 || said == "") {
		d.Errorf("%s: %d of %d messages are read, and it said %q", what, whole, len(d.want), said)
	}
}
