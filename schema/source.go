package schema

import (
	"time"

	"github.com/govalues/decimal"
)

// Supply is how a system's data is supplied.
type Supply string

// The ways of supply.
const (
	SupplyLive   Supply = "LIVE"
	SupplyCopy   Supply = "COPY"
	SupplyPush   Supply = "PUSH"
	SupplyListed Supply = "LISTED"
)

// SourceState is how a system is doing.
type SourceState string

// The states of a system.
const (
	SourceUp       SourceState = "UP"
	SourceDegraded SourceState = "DEGRADED"
	SourceDown     SourceState = "DOWN"
	SourceUnknown  SourceState = "UNKNOWN"
)

// Source is a connected system as the graph shows it.
type Source struct {
	Name          string
	Kind          string
	Supply        Supply
	Owner         string
	Address       string
	Documentation string
	State         SourceState
	Entities      []*SourceEntity
	LastErrorCode string
	LastErrorAt   time.Time
	LastOkAt      time.Time
	LatencyMs     *decimal.Decimal
	Breaker       string
	Calls         *int
	Failures      *int
	AsOf          time.Time
	Note          string
	Problems      []*SourceProblem
	Usage         []*SourceUsage
}

// SourceProblem is something in a system's records that could not be taken as it
// is.
type SourceProblem struct {
	Entity string
	Field  string
	Kind   string
	Count  *int
	LastAt time.Time
}

// SourceUsage is how many calls a system was asked.
type SourceUsage struct {
	Class      string
	LastMinute *int
	Today      *int
	PerMinute  *int
}

// SourceEntity is what a system has of one kind of record.
type SourceEntity struct {
	Name      string
	Upstream  string
	Filters   []string
	Orders    []string
	Relations []string
	State     SegmentState
	Since     time.Time
	Copy      *EntityCopy
}

// SegmentState is how one kind of record of a system is doing.
type SegmentState string

// The states of a segment.
const (
	SegmentOK         SegmentState = "OK"
	SegmentFilling    SegmentState = "FILLING"
	SegmentUncovered  SegmentState = "UNCOVERED"
	SegmentStale      SegmentState = "STALE"
	SegmentOverloaded SegmentState = "OVERLOADED"
	SegmentFailing    SegmentState = "FAILING"
)

// EntityCopy is where the copy of one kind of record stands.
type EntityCopy struct {
	State         CopyState
	Rows          *int
	Reading       *int
	AsOf          time.Time
	FollowedAt    time.Time
	MaxStaleness  *int // seconds
	LastErrorCode string
}

// CopyState says whether a copy answers.
type CopyState string

// The states of a copy.
const (
	CopyFilling    CopyState = "FILLING"
	CopyReady      CopyState = "READY"
	CopyNotEnabled CopyState = "NOT_ENABLED"
)

// Coverage is how well one system's records of one kind are joined.
type Coverage struct {
	Source    string
	Entity    string
	Records   *int
	Linked    *int
	Unmatched *int
	Ambiguous *int
	AsOf      time.Time
}

// Me is who a token is, and what it may.
type Me struct {
	TokenID   string
	Account   string
	Role      Role
	Packages  []string
	Claims    []*Claim
	ExpiresAt time.Time
	Warnings  []string
	Agreement *Agreement
	Remaining *Remaining
	Advice    []*Advice
}

// Remaining is what is left of an agreement now; nil where nothing was agreed.
type Remaining struct {
	Calls *int
	Cost  *int
	Rows  *int
}
