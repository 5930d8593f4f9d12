package pebblestore

import (
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"

	"github.com/cockroachdb/pebble/v2"

	"postern/fault"
	"postern/mail"
	"postern/store"
)

// session is what one View or Update reads through. It belongs to the
// goroutine that runs fn and ends with fn.
type session struct {
	r       pebble.Reader
	parts   []store.Partition
	closers []io.Closer // keep the slices that were handed out alive
	key     []byte      // scratch for the key of the read at hand
	ended   bool
}

// allows is nil if the partition was named, Closed once fn has returned.
func (s *session) allows(p store.Partition) error {
	if s.ended {
		return fault.New(fault.Closed, "store", "the transaction has ended")
	}
	if !slices.Contains(s.parts, p) {
		return fault.New(fault.Invalid, "store", "%s was not named when the transaction began", partitionName(p))
	}
	return nil
}

func (s *session) end() {
	s.ended = true
	for _, c := range s.closers {
		_ = c.Close()
	}
	s.closers = nil
}

func partitionName(p store.Partition) string {
	switch p.Room {
	case store.RoomMail:
		return "mail of " + p.Account.String()
	case store.RoomDirectory:
		return "the directory"
	case store.RoomAttempts:
		return "the sign-in log"
	case store.RoomSystem:
		return "the system room"
	}
	return fmt.Sprintf("room %d", p.Room)
}

// room is a session's view of one partition.
type room struct {
	s    *session
	part store.Partition
}

// value is the value under key, good until fn ends; NotFound if none.
func (r room) value(op string, key []byte) ([]byte, error) {
	if err := r.s.allows(r.part); err != nil {
		return nil, err
	}
	v, c, err := getValue(r.s.r, key)
	if err != nil {
		return nil, readError(op, key, err)
	}
	if len(v) <= copyUpTo {
		v = append(make([]byte, 0, len(v)), v...)
		_ = c.Close()
		return v, nil
	}
	r.s.closers = append(r.s.closers, c)
	return v, nil
}

// copyUpTo is the size up to which a value is copied; keeping Pebble's memory
// alive costs a few kilobytes each.
const copyUpTo = 8 << 10

// with calls fn with the value under key, good until fn returns. What fn
// returns is taken for damage.
func (r room) with(op string, key []byte, fn func(v []byte) error) error {
	if err := r.s.allows(r.part); err != nil {
		return err
	}
	v, c, err := getValue(r.s.r, key)
	if err != nil {
		return readError(op, key, err)
	}
	err = fn(v)
	_ = c.Close()
	if err != nil {
		return damagedKey(op, key, err)
	}
	return nil
}

// getValue is Get of Pebble 2.1, which says nothing and gives no bytes when a
// value kept in a file of its own fails its checksum: the error is only in the
// iterator that it returns as closer.
func getValue(r pebble.Reader, key []byte) ([]byte, io.Closer, error) {
	v, c, err := r.Get(key)
	if err != nil {
		return nil, nil, err
	}
	if it, ok := c.(interface{ Error() error }); ok {
		if err := it.Error(); err != nil {
			_ = c.Close()
			return nil, nil, err
		}
	}
	return v, c, nil
}

// has tells whether there is a value under key.
func (r room) has(op string, key []byte) (bool, error) {
	err := r.with(op, key, func([]byte) error { return nil })
	if fault.Is(err, fault.NotFound) {
		return false, nil
	}
	return err == nil, err
}

// scan calls fn for lower ≤ key < upper until it returns an error, which scan
// returns. Key and value are good until fn returns.
func (r room) scan(op string, lower, upper []byte, fn func(k, v []byte) error) error {
	it, err := r.iter(op, lower, upper)
	if err != nil {
		return err
	}
	for ok := it.First(); ok; ok = it.Next() {
		if err := visit(op, it, fn); err != nil {
			_ = it.Close()
			return err
		}
	}
	return readError(op, lower, it.Close())
}

// scanBack is scan from the end.
func (r room) scanBack(op string, lower, upper []byte, fn func(k, v []byte) error) error {
	it, err := r.iter(op, lower, upper)
	if err != nil {
		return err
	}
	for ok := it.Last(); ok; ok = it.Prev() {
		if err := visit(op, it, fn); err != nil {
			_ = it.Close()
			return err
		}
	}
	return readError(op, lower, it.Close())
}

func (r room) iter(op string, lower, upper []byte) (*pebble.Iterator, error) {
	if err := r.s.allows(r.part); err != nil {
		return nil, err
	}
	it, err := r.s.r.NewIter(&pebble.IterOptions{LowerBound: lower, UpperBound: upper})
	return it, readError(op, lower, err)
}

func visit(op string, it *pebble.Iterator, fn func(k, v []byte) error) error {
	v, err := it.ValueAndErr()
	if err != nil {
		return readError(op, it.Key(), err)
	}
	return fn(it.Key(), v)
}

// readError gives an error of Pebble its kind; nil stays nil.
func readError(op string, key []byte, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, pebble.ErrNotFound):
		return fault.Wrap(fault.NotFound, op, errNone)
	case errors.Is(err, pebble.ErrClosed):
		return fault.Wrap(fault.Closed, op, err)
	case pebble.IsCorruptionError(err):
		return damagedFile(op, key, err)
	}
	return fault.New(fault.Unavailable, op, "read at %s: %w", keyName(key), err)
}

// damagedFile names the file that Pebble found damaged, if it told.
func damagedFile(op string, key []byte, err error) error {
	if name := fileOf(err); name != "" {
		return fault.New(fault.Damaged, op, "%s, in file %s: %w", keyName(key), name, err)
	}
	return fault.New(fault.Damaged, op, "at %s: %w", keyName(key), err)
}

// fileOf is the name of the file that Pebble found damaged; "" if err does not
// tell. For files of values the number is only in the text.
func fileOf(err error) string {
	if info := pebble.ExtractDataCorruptionInfo(err); info != nil {
		return filepath.Base(info.Path)
	}
	const mark = "pebble: file "
	_, rest, ok := strings.Cut(err.Error(), mark)
	if !ok {
		return ""
	}
	n := strings.IndexFunc(rest, func(r rune) bool { return r < '0' || r > '9' })
	if n < 0 {
		n = len(rest)
	}
	if n == 0 {
		return ""
	}
	return rest[:n] + ".blob"
}

func damagedKey(op string, key []byte, err error) error {
	return fault.New(fault.Damaged, op, "%s: %w", keyName(key), err)
}

// reader gives the rooms of a session; it is the store.Reader of a View.
type reader struct{ s *session }

func (r reader) Mail(account mail.AccountID) store.MailReader { return newMailReader(r.s, account) }
func (r reader) Directory() store.DirectoryReader {
	return directoryReader{room{r.s, store.Directory}}
}
func (r reader) Attempts() store.AttemptReader { return attemptReader{room{r.s, store.Attempts}} }
func (r reader) System() store.SystemReader    { return systemReader{room{r.s, store.System}} }
