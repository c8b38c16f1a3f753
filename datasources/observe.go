package datasources

import (
	"time"

	"github.com/trama-graph/trama/schema"
)

// Outcome is what came of an upstream call: "ok", "unavailable", "timeout" and others.
type Outcome string

// Observation is one attempt of an upstream call, for the metrics.
type Observation struct {
	Source  string
	Name    string      // of the call: "TicketSearch"
	Outcome Outcome     // what came of it
	Code    schema.Code // what a client would be told, "" for OK
	Status  int         // HTTP status, 0 when there was no reply
	Took    time.Duration
	Bytes   int // of the reply's body, decompressed
	Attempt int // from 1
}
