package main

import (
	"errors"
	"fmt"

	"github.com/trama-graph/trama/datasources/watch"
)

// checkAlerts finds what is wrong with the part alerts.
func (c *config) checkAlerts() []error {
	var errs []error
	bad := func(key, why string) { errs = append(errs, fmt.Errorf("alerts.%s: %s", key, why)) }
	a := &c.Alerts
	if a.Webhook != "" {
		w, err := watch.NewWebhook(watch.WebhookConfig{URL: a.Webhook})
		if err != nil {
			bad("webhook", err.Error())
		} else if err := w.Close(); err != nil {
			bad("webhook", err.Error())
		}
	} else if a.Secret != "" {
		errs = append(errs, errors.New("alerts.secret: there is no webhook whose messages it would sign"))
	}
	if a.Every < 0 || a.Raise < 0 || a.Clear < 0 {
		errs = append(errs, errors.New("alerts: every, raise and clear must not be negative"))
	}
	if !(a.MinCoverage >= 0 && a.MinCoverage <= 1) { // so that what is no number is refused
		bad("min_coverage", "want a share from 0 to 1")
	}
	return errs
}
