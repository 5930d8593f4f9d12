package oracle

import (
	"encoding/json"
	"os"
	"sync"
)

// Journal is the log of intents and answers, one JSON object a line. It is
// written before and after each command and is for people who look into a
// failure.
type Journal struct {
	mu   sync.Mutex
	file *os.File
	seq  int // of the last intent; guarded by mu
}

// Message is what a journal keeps of a message: enough to know it by.
type Message struct {
	SHA  string `json:"sha"`
	Size int    `json:"size"`
}

// Op is one command with an effect.
type Op struct {
	Seq      int       `json:"seq"`
	Worker   string    `json:"worker"`
	Kind     string    `json:"kind"` // append, store, copy, move, expunge, create, rename, delete
	Box      string    `json:"box"`
	Dest     string    `json:"dest,omitempty"`
	UIDs     []uint32  `json:"uids,omitempty"`
	Messages []Message `json:"messages,omitempty"` // of APPEND
	Flags    string    `json:"flags,omitempty"`
	Remove   bool      `json:"remove,omitempty"` // STORE -FLAGS
}

// NewJournal makes the file.
func NewJournal(path string) (*Journal, error) {
	f, err := os.Create(path)
	return &Journal{file: f}, err
}

// Close closes the file.
func (j *Journal) Close() error { return j.file.Close() }

// Intent notes what is about to be asked.
func (j *Journal) Intent(op *Op) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.seq++
	op.Seq = j.seq
	return j.write(op)
}

// Answer notes what was told.
func (j *Journal) Answer(op *Op, answer string) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.write(struct {
		Answer int    `json:"answer"`
		Text   string `json:"text"`
	}{op.Seq, answer})
}

// Event notes what happened to the server.
func (j *Journal) Event(text string) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.write(struct {
		Event string `json:"event"`
	}{text})
}

func (j *Journal) write(v any) error {
	raw, err := json.Marshal(v)
	if err == nil {
		_, err = j.file.Write(append(raw, '\n'))
	}
	return err
}
