package mailbox

import (
	"crypto/sha256"

	"postern/fault"
	"postern/mail"
	"postern/store"
	"postern/wire/mime"
)

// maxThreadKeys bounds the ancestors that are looked up: the first, which
// began the conversation, and the last ones.
const maxThreadKeys = 16

// threadKeys are what ties a message to its thread: its own id and those of its
// ancestors, each together with the base subject, so that a new subject begins
// a new thread although somebody answered to write it (RFC 8621 §3).
func threadKeys(m *mime.Message) []store.ThreadKey {
	base, _ := mime.BaseSubject(mime.DecodeHeader(m.Envelope.Subject))
	refs := m.References
	if len(refs) > maxThreadKeys {
		refs = append([]string{refs[0]}, refs[len(refs)-maxThreadKeys+1:]...)
	}
	keys := make([]store.ThreadKey, 0, len(refs)+1)
	if id := messageID(m); id != "" {
		keys = append(keys, threadKey(id, base))
	}
	for i := len(refs) - 1; i >= 0; i-- {
		keys = append(keys, threadKey(refs[i], base))
	}
	return keys
}

func threadKey(id, base string) store.ThreadKey {
	b := make([]byte, 0, len(id)+1+len(base))
	b = append(b, id...)
	b = append(b, 0)
	b = append(b, foldString(base)...)
	sum := sha256.Sum256(b)
	return store.ThreadKey(sum[:len(store.ThreadKey{})])
}

// thread finds or makes the thread that one of keys belongs to, and ties the
// others to it.
func (w *work) thread(keys []store.ThreadKey) (mail.ThreadID, error) {
	var found mail.ThreadID
	loose := make([]store.ThreadKey, 0, len(keys))
	for _, k := range keys {
		id, err := w.tx.Thread(k)
		switch {
		case fault.Is(err, fault.NotFound):
			loose = append(loose, k)
		case err != nil:
			return 0, err
		case found == 0:
			found = id
		}
	}
	if found == 0 {
		found = max(w.counters.NextThread, 1)
		w.counters.NextThread = found + 1
		w.changed = true
	}
	for _, k := range loose {
		if err := w.tx.PutThread(k, found); err != nil {
			return 0, err
		}
	}
	return found, nil
}
