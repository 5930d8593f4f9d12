package fileblob

import (
	"container/list"
	"sync"

	"postern/blob/blobfs"
)

// handles keeps segment files open, at most max of them beyond those in use.
type handles struct {
	fs  blobfs.FS
	max int

	mu   sync.Mutex
	open map[string]*handle // guarded by mu, by file name
	idle *list.List         // guarded by mu: handles nobody uses, oldest first
}

// handle is an open segment file. It is given back with put.
type handle struct {
	blobfs.File
	name  string
	users int           // guarded by handles.mu
	idle  *list.Element // guarded by handles.mu
	gone  bool          // guarded by handles.mu: close it when nobody uses it

	syncing sync.Mutex // held while it is synced, see Store.sync
}

func newHandles(fs blobfs.FS, limit int) *handles {
	return &handles{fs: fs, max: limit, open: map[string]*handle{}, idle: list.New()}
}

// get opens the file or finds it open.
func (hs *handles) get(name string) (*handle, error) {
	if h := hs.find(name); h != nil {
		return h, nil
	}
	f, err := hs.fs.Open(name)
	if err != nil {
		return nil, err
	}
	return hs.add(name, f), nil
}

func (hs *handles) find(name string) *handle {
	hs.mu.Lock()
	defer hs.mu.Unlock()
	h := hs.open[name]
	if h == nil {
		return nil
	}
	if h.idle != nil {
		hs.idle.Remove(h.idle)
		h.idle = nil
	}
	h.users++
	return h
}

// add takes over f as the handle of name, in use by the caller. If another
// goroutine was quicker, f is closed and the other's handle is given.
func (hs *handles) add(name string, f blobfs.File) *handle {
	if h := hs.find(name); h != nil {
		_ = f.Close()
		return h
	}
	hs.mu.Lock()
	defer hs.mu.Unlock()
	if h := hs.open[name]; h != nil { // since find looked
		if h.idle != nil {
			hs.idle.Remove(h.idle)
			h.idle = nil
		}
		h.users++
		_ = f.Close()
		return h
	}
	h := &handle{File: f, name: name, users: 1}
	hs.open[name] = h
	return h
}

// put gives a handle back.
func (hs *handles) put(h *handle) {
	hs.mu.Lock()
	defer hs.mu.Unlock()
	if h.users--; h.users > 0 {
		return
	}
	if h.gone {
		_ = h.Close()
		return
	}
	h.idle = hs.idle.PushBack(h)
	for hs.idle.Len() > hs.max {
		old := hs.idle.Remove(hs.idle.Front()).(*handle)
		delete(hs.open, old.name)
		_ = old.Close()
	}
}

// drop forgets a file that is removed.
func (hs *handles) drop(name string) {
	hs.mu.Lock()
	defer hs.mu.Unlock()
	if h := hs.open[name]; h != nil {
		hs.forget(h)
	}
}

// closeAll forgets every file; those in use are closed by their last user.
func (hs *handles) closeAll() {
	hs.mu.Lock()
	defer hs.mu.Unlock()
	for _, h := range hs.open {
		hs.forget(h)
	}
}

// forget must be called with hs.mu held.
func (hs *handles) forget(h *handle) {
	delete(hs.open, h.name)
	h.gone = true
	if h.idle != nil {
		hs.idle.Remove(h.idle)
		h.idle = nil
		_ = h.Close()
	}
}
