package mailbox

import "context"

// Session is one holder's access to an account. Its methods may be called at
// the same time.
type Session struct{}

// Close ends the session and its views.
func (s *Session) Close() {}

// List lists every mailbox, every name that is only a superior of one, and
// every subscribed name without a mailbox, sorted level by level, INBOX first.
func (s *Session) List(ctx context.Context) ([]Info, error) {
	return nil, unsupported("mailbox.List")
}

// Status is one mailbox; NotFound if there is none.
func (s *Session) Status(ctx context.Context, name string) (Info, error) {
	return Info{}, unsupported("mailbox.Status")
}

// Create makes a mailbox and the superiors it lacks; Exists if there is one.
// One '/' at the end of the name is ignored (RFC 9051 §6.3.4). An unknown
// special use is Unsupported, one that another mailbox has moves nowhere and is
// Exists.
func (s *Session) Create(ctx context.Context, name string, specialUse []string) (Info, error) {
	return Info{}, unsupported("mailbox.Create")
}

// Delete removes a mailbox with its messages. Its children stay; then the name
// stays listed without a mailbox (RFC 9051 §6.3.5). INBOX is Denied.
func (s *Session) Delete(ctx context.Context, name string) error {
	return unsupported("mailbox.Delete")
}

// Rename gives a mailbox and its children another name, making the superiors
// it lacks. Renaming INBOX moves its messages to a new mailbox and leaves INBOX
// and its children (RFC 9051 §6.3.6).
func (s *Session) Rename(ctx context.Context, from, to string) error {
	return unsupported("mailbox.Rename")
}

// Subscribe adds a name to the subscriptions, whether or not it exists.
func (s *Session) Subscribe(ctx context.Context, name string) error {
	return unsupported("mailbox.Subscribe")
}

// Unsubscribe removes a name from the subscriptions; NotFound if it was not
// there.
func (s *Session) Unsubscribe(ctx context.Context, name string) error {
	return unsupported("mailbox.Unsubscribe")
}

// Quota is the account's use and limits.
func (s *Session) Quota(ctx context.Context) (Quota, error) {
	return Quota{}, unsupported("mailbox.Quota")
}

// SetQuota sets the limits of q; the Admin right is needed.
func (s *Session) SetQuota(ctx context.Context, q Quota) error {
	return unsupported("mailbox.SetQuota")
}

// Wipe removes all of the account's mail; the Admin right is needed.
func (s *Session) Wipe(ctx context.Context) error { return unsupported("mailbox.Wipe") }

// Select opens a mailbox; NotFound if there is none. A view that is not
// readOnly may still lack rights.
func (s *Session) Select(ctx context.Context, name string, readOnly bool) (*View, error) {
	return nil, unsupported("mailbox.Select")
}
