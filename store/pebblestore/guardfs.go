package pebblestore

import (
	"github.com/cockroachdb/pebble/v2/vfs"
)

// The methods of vfs.FS that change something.

func (g *guard) Create(name string, category vfs.DiskWriteCategory) (vfs.File, error) {
	c := g.classOf(name)
	return g.create(c, name, func() (vfs.File, error) { return g.FS.Create(name, category) })
}

func (g *guard) OpenReadWrite(name string, category vfs.DiskWriteCategory, opts ...vfs.OpenOption) (vfs.File, error) {
	c := g.classOf(name)
	return g.create(c, name, func() (vfs.File, error) { return g.FS.OpenReadWrite(name, category, opts...) })
}

func (g *guard) ReuseForWrite(oldname, newname string, category vfs.DiskWriteCategory) (vfs.File, error) {
	c := g.classOf(newname)
	f, err := g.create(c, newname, func() (vfs.File, error) { return g.FS.ReuseForWrite(oldname, newname, category) })
	g.forget(oldname)
	return f, err
}

func (g *guard) create(c class, name string, open func() (vfs.File, error)) (vfs.File, error) {
	if c == foreign {
		return open()
	}
	if c > table && g.frozen() {
		return &sink{}, nil
	}
	if c == table {
		g.pause()
	}
	var f vfs.File
	err := g.attempt(c, func() (err error) {
		f, err = open()
		return err
	})
	if err != nil {
		if err := g.settle(c, name, err); err != nil {
			return nil, err
		}
		return &sink{}, nil
	}
	gf := &guardFile{File: f, g: g, class: c, name: name}
	if c == lasting {
		g.mu.Lock()
		g.files[g.PathBase(name)] = gf
		g.mu.Unlock()
	}
	return gf, nil
}

func (g *guard) forget(name string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.files, g.PathBase(name))
}

func (g *guard) OpenDir(name string) (vfs.File, error) {
	f, err := g.FS.OpenDir(name)
	if err != nil {
		return nil, err
	}
	c := foreign
	if g.PathJoin(name, "x") == g.PathJoin(g.dir, "x") {
		c = meta
	}
	return &guardFile{File: f, g: g, class: c, name: name}, nil
}

// change runs one change of the folder.
func (g *guard) change(name string, do func() error) error {
	c := g.classOf(name)
	if c == foreign {
		return do()
	}
	if g.frozen() {
		return nil
	}
	return g.settle(c, name, g.attempt(c, do))
}

func (g *guard) Link(oldname, newname string) error {
	return g.change(newname, func() error { return g.FS.Link(oldname, newname) })
}

func (g *guard) Rename(oldname, newname string) error {
	return g.change(newname, func() error { return g.FS.Rename(oldname, newname) })
}

// Remove reports its errors as they are: a file that stays does no harm.
func (g *guard) Remove(name string) error {
	if g.classOf(name) == foreign {
		return g.FS.Remove(name)
	}
	if g.frozen() {
		return nil
	}
	g.forget(name)
	return g.FS.Remove(name)
}

func (g *guard) RemoveAll(name string) error {
	if g.frozen() && g.classOf(name) != foreign {
		return nil
	}
	return g.FS.RemoveAll(name)
}

func (g *guard) Unwrap() vfs.FS { return g.FS }
