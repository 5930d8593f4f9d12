package imapserver

import "time"

// Observer counts. Its methods are called on the sessions' goroutines and must
// be quick; they may be called at the same time.
type Observer interface {
	// SessionBegan and SessionEnded frame each connection. why is one of the
	// words of Ending.
	SessionBegan(listener string, tls bool)
	SessionEnded(listener string, why string, received, sent uint64, lasted time.Duration)
	// Command is told of each command that was answered. answer is "OK", "NO"
	// or "BAD"; verb is "" for what could not be read.
	Command(verb, answer string, took time.Duration)
	// Pushed is told of each batch of news sent during IDLE.
	Pushed(updates int)
	// Panicked counts panics of ours.
	Panicked()
}

type nobody struct{}

func (nobody) SessionBegan(string, bool)                                  {}
func (nobody) SessionEnded(string, string, uint64, uint64, time.Duration) {}
func (nobody) Command(string, string, time.Duration)                      {}
func (nobody) Pushed(int)                                                 {}
func (nobody) Panicked()                                                  {}
