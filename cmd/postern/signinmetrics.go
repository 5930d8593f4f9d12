package main

import (
	"github.com/prometheus/client_golang/prometheus"

	"postern/signin"
)

// signInMetrics shows the authority's own figures to Prometheus.
type signInMetrics struct{ authority *signin.Authority }

//nolint:gochecknoglobals // a constant table
var (
	verdictsDesc = prometheus.NewDesc("postern_signin_verdicts_total",
		"Attempts to sign in, by verdict; 'unavailable' is a failure of ours.", []string{"protocol", "outcome", "reason"}, nil)
	unfinishedDesc = prometheus.NewDesc("postern_signin_unfinished",
		"Connections that ended or hung before any verdict; networks heard of long ago are forgotten.", []string{"protocol", "listener", "reason"}, nil)
	revisionDesc = prometheus.NewDesc("postern_policy_revision", "The revision of the policy in force.", nil, nil)
	droppedDesc  = prometheus.NewDesc("postern_signin_log_dropped_total", "Entries of the sign-in log that were lost.", nil, nil)
	hashingDesc  = prometheus.NewDesc("postern_signin_hashing", "Sign-ins whose password is being checked, or waits for it.", []string{"state"}, nil)
)

// Describe implements prometheus.Collector.
func (signInMetrics) Describe(out chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{verdictsDesc, unfinishedDesc, revisionDesc, droppedDesc, hashingDesc} {
		out <- d
	}
}

// Collect implements prometheus.Collector.
func (m signInMetrics) Collect(out chan<- prometheus.Metric) {
	s := m.authority.Stats()
	for _, v := range s.Verdicts {
		out <- prometheus.MustNewConstMetric(verdictsDesc, prometheus.CounterValue, float64(v.Count), v.Protocol, v.Outcome.String(), string(v.Reason))
	}
	// Networks are left out: they are too many for a label.
	unfinished := map[signin.UnfinishedKind]uint64{}
	for _, u := range s.Unfinished {
		unfinished[signin.UnfinishedKind{Protocol: u.Protocol, Listener: u.Listener, Reason: u.Reason}] += u.Count
	}
	for k, n := range unfinished {
		out <- prometheus.MustNewConstMetric(unfinishedDesc, prometheus.GaugeValue, float64(n), k.Protocol, k.Listener, k.Reason)
	}
	out <- prometheus.MustNewConstMetric(revisionDesc, prometheus.GaugeValue, float64(s.Revision))
	out <- prometheus.MustNewConstMetric(droppedDesc, prometheus.CounterValue, float64(s.LogDropped))
	out <- prometheus.MustNewConstMetric(hashingDesc, prometheus.GaugeValue, float64(s.Hashing.Busy), "running")
	out <- prometheus.MustNewConstMetric(hashingDesc, prometheus.GaugeValue, float64(s.Hashing.Waiting), "waiting")
}
