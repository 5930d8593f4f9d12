package adminserver

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"

	"postern/fault"
)

// request is one call; its context is Context().
type request struct {
	*http.Request
	w    http.ResponseWriter
	sent bool
}

// maxBody bounds the JSON of a call; imported mail is streamed and not bounded
// by it.
const maxBody = 64 << 20

// Failure is the body of an answer that is an error.
type Failure struct {
	Error struct {
		Kind    string `json:"kind"`
		Message string `json:"message"`
	} `json:"error"`
}

func (d *door) serve(h func(*request) error) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		q := &request{Request: r, w: w}
		defer func() {
			if p := recover(); p != nil {
				if errors.Is(asError(p), http.ErrAbortHandler) {
					panic(p)
				}
				d.Logger.Error("panic in the administrators' door", "path", r.URL.Path, "panic", p)
				d.fail(q, fault.New(fault.Internal, "adminserver", "something of ours broke; the log says what"))
			}
		}()
		if err := h(q); err != nil {
			d.fail(q, err)
		}
	})
}

func asError(p any) error {
	err, _ := p.(error)
	return err
}

func (d *door) fail(q *request, err error) {
	var f Failure
	f.Error.Kind, f.Error.Message = fault.KindOf(err).String(), fault.Plain(err)
	if fault.Is(err, fault.Internal) {
		d.Logger.Error("administrative call failed", "path", q.URL.Path, "error", err)
	}
	if q.sent { // a stream has begun: the error is its last line
		_ = q.line(f)
		return
	}
	q.w.Header().Set("Content-Type", "application/json")
	q.w.WriteHeader(status(fault.KindOf(err)))
	_ = json.NewEncoder(q.w).Encode(f)
}

// status is the one table from kinds to HTTP.
func status(k fault.Kind) int {
	switch k {
	case fault.Invalid, fault.Unsupported:
		return http.StatusBadRequest
	case fault.NotFound, fault.Expunged:
		return http.StatusNotFound
	case fault.Exists, fault.Conflict, fault.InUse:
		return http.StatusConflict
	case fault.Denied:
		return http.StatusForbidden
	case fault.TooLarge, fault.OverQuota:
		return http.StatusRequestEntityTooLarge
	case fault.Limit:
		return http.StatusTooManyRequests
	case fault.Full:
		return http.StatusInsufficientStorage
	case fault.Unavailable, fault.ReadOnly, fault.Closed, fault.Canceled:
		return http.StatusServiceUnavailable
	default:
		return http.StatusInternalServerError
	}
}

// read decodes the call's JSON into v, strictly.
func (q *request) read(v any) error {
	dec := json.NewDecoder(io.LimitReader(q.Body, maxBody))
	dec.DisallowUnknownFields()
	if err := dec.Decode(v); err != nil {
		return fault.New(fault.Invalid, "adminserver", "the call's JSON: %w", err)
	}
	return nil
}

// reply sends v as the whole answer.
func (q *request) reply(v any) error {
	q.sent = true
	q.w.Header().Set("Content-Type", "application/json")
	return fault.Wrap(fault.Canceled, "adminserver", json.NewEncoder(q.w).Encode(v))
}

// line sends v as one line of a longer answer, at once.
func (q *request) line(v any) error {
	if !q.sent {
		q.w.Header().Set("Content-Type", "application/x-ndjson")
		q.sent = true
	}
	if err := json.NewEncoder(q.w).Encode(v); err != nil {
		return fault.Wrap(fault.Canceled, "adminserver", err)
	}
	return fault.Wrap(fault.Canceled, "adminserver", http.NewResponseController(q.w).Flush())
}
