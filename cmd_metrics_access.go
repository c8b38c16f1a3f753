package main

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/trama-graph/trama/policies"
	"github.com/trama-graph/trama/policies/quota"
)

// policies shows whether the files of the policies are in force.
func (m *metrics) policies(e *policies.Engine) {
	m.registry.MustRegister(
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "trama_policies_refused", Help: "1 while the policy files as they are now are refused, and older ones in force."}, func() float64 {
			if e.Status().Error != nil {
				return 1
			}
			return 0
		}),
		prometheus.NewCounterFunc(prometheus.CounterOpts{Name: "trama_policies_loads_total", Help: "How often policies came into force."}, func() float64 { return float64(e.Status().Reloads) }),
		prometheus.NewCounterFunc(prometheus.CounterOpts{Name: "trama_policies_refusals_total", Help: "How often policies were refused."}, func() float64 { return float64(e.Status().Refused) }),
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "trama_policies_loaded_timestamp_seconds", Help: "When the policies in force were read."}, func() float64 { return float64(e.Status().LoadedAt.Unix()) }),
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "trama_policies_views", Help: "Views that are kept."}, func() float64 { return float64(e.Status().Views) }),
	)
}

// quota shows whether what accounts use is counted for all instances together.
func (m *metrics) quota(l *quota.Limiter) {
	m.registry.MustRegister(
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "trama_quota_degraded", Help: "1 while Redis is lost and each instance counts its share."}, func() float64 {
			if l.Degraded() {
				return 1
			}
			return 0
		}),
		prometheus.NewCounterFunc(prometheus.CounterOpts{Name: "trama_quota_losses_total", Help: "How often Redis was lost by the counting of what accounts use."}, func() float64 { return float64(l.Losses()) }),
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "trama_quota_accounts", Help: "Accounts whose use is counted now."}, func() float64 { return float64(l.Accounts()) }),
	)
}
