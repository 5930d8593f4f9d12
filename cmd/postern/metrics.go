package main

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
)

// metrics counts what the doors tell, for Prometheus.
type metrics struct {
	registry *prometheus.Registry
	open     *prometheus.GaugeVec
	ended    *prometheus.CounterVec
	bytes    *prometheus.CounterVec
	commands *prometheus.HistogramVec
	pushed   prometheus.Counter
	panics   prometheus.Counter
	refused  *prometheus.CounterVec
}

func newMetrics(n *node) *metrics {
	m := &metrics{
		registry: prometheus.NewRegistry(),
		open:     prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "postern_connections_open", Help: "Connections open now."}, []string{"listener"}),
		ended:    prometheus.NewCounterVec(prometheus.CounterOpts{Name: "postern_connections_ended_total", Help: "Connections that have ended, by reason."}, []string{"listener", "why"}),
		bytes:    prometheus.NewCounterVec(prometheus.CounterOpts{Name: "postern_bytes_total", Help: "Octets that crossed, inside TLS."}, []string{"listener", "direction"}),
		commands: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "postern_imap_command_seconds", Help: "Time from a command to its answer.", Buckets: prometheus.ExponentialBuckets(0.0001, 4, 10),
		}, []string{"command", "answer"}),
		pushed:  prometheus.NewCounter(prometheus.CounterOpts{Name: "postern_imap_pushes_total", Help: "Batches of news sent during IDLE."}),
		panics:  prometheus.NewCounter(prometheus.CounterOpts{Name: "postern_panics_total", Help: "Panics of ours; each is a bug."}),
		refused: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "postern_refused_total", Help: "Connections refused before a protocol began."}, []string{"listener", "why"}),
	}
	writable := prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "postern_store_writable", Help: "1 while the store takes writes, 0 while the disk is full or a sync has failed."}, func() float64 {
		if n.store.Health() != nil || n.blobs.Health() != nil {
			return 0
		}
		return 1
	})
	sessions := prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "postern_sessions_open", Help: "Signed-in sessions, services included."}, func() float64 {
		return float64(len(n.authority.Sessions()))
	})
	m.registry.MustRegister(m.open, m.ended, m.bytes, m.commands, m.pushed, m.panics, m.refused, writable, sessions, signInMetrics{n.authority},
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// The methods below make metrics an imapserver.Observer.

func (m *metrics) SessionBegan(listener string, _ bool) { m.open.WithLabelValues(listener).Inc() }

func (m *metrics) SessionEnded(listener, why string, received, sent uint64, _ time.Duration) {
	m.open.WithLabelValues(listener).Dec()
	m.ended.WithLabelValues(listener, why).Inc()
	m.bytes.WithLabelValues(listener, "in").Add(float64(received))
	m.bytes.WithLabelValues(listener, "out").Add(float64(sent))
}

func (m *metrics) Command(verb, answer string, took time.Duration) {
	m.commands.WithLabelValues(verb, answer).Observe(took.Seconds())
}

func (m *metrics) Pushed(int) { m.pushed.Inc() }
func (m *metrics) Panicked()  { m.panics.Inc() }
