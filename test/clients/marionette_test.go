//go:build clients

package clients

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"testing"
	"time"
)

// marionette is a connection to Mozilla's remote control: each packet is a
// length, a colon and JSON; a command is [0, id, name, parameters], its answer
// [1, id, error, result].
type marionette struct {
	conn net.Conn
	in   *bufio.Reader
	id   int
}

// dialMarionette waits for the program to listen; gone says that it ended.
func dialMarionette(t *testing.T, addr string, limit time.Duration, gone <-chan struct{}) *marionette {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	for {
		var d net.Dialer
		conn, err := d.DialContext(ctx, "tcp", addr)
		if err == nil {
			m := &marionette{conn: conn, in: bufio.NewReader(conn)}
			if _, err := m.read(limit); err != nil {
				t.Fatalf("greeting of Marionette: %v", err)
			}
			t.Cleanup(func() {
				if err := conn.Close(); err != nil {
					t.Error(err)
				}
			})
			return m
		}
		select {
		case <-gone:
			t.Fatal("the program ended before it listened for Marionette")
		case <-ctx.Done():
			t.Fatalf("nothing listens for Marionette after %v", limit)
		case <-tick.C:
		}
	}
}

func (m *marionette) read(limit time.Duration) ([]byte, error) {
	if err := m.conn.SetDeadline(time.Now().Add(limit)); err != nil {
		return nil, err
	}
	length, err := m.in.ReadString(':')
	if err != nil {
		return nil, err
	}
	n, err := strconv.Atoi(strings.TrimSuffix(length, ":"))
	if err != nil {
		return nil, err
	}
	b := make([]byte, n)
	_, err = io.ReadFull(m.in, b)
	return b, err
}

// call runs one command and decodes the value of its result.
func (m *marionette) call(limit time.Duration, value any, name string, parameters map[string]any) error {
	m.id++
	b, err := json.Marshal([]any{0, m.id, name, parameters})
	if err != nil {
		return err
	}
	if _, err := fmt.Fprintf(m.conn, "%d:%s", len(b), b); err != nil {
		return err
	}
	answer, err := m.read(limit)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	var parts [4]json.RawMessage
	if err := json.Unmarshal(answer, &parts); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	if string(parts[2]) != "null" {
		return fmt.Errorf("%s: %s", name, parts[2])
	}
	if value == nil {
		return nil
	}
	return json.Unmarshal(parts[3], &struct {
		Value any `json:"value"`
	}{value})
}
