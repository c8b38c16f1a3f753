package schema

import "time"

// ConflictState is what was said about a conflict.
type ConflictState string

// What it may be.
const (
	ConflictStateOpen     ConflictState = "OPEN"
	ConflictStateAccepted ConflictState = "ACCEPTED"
	ConflictStateResolved ConflictState = "RESOLVED"
	ConflictStateIgnored  ConflictState = "IGNORED"
)

// DirectoryConflicts are some conflicts.
type DirectoryConflicts struct {
	Total *int
	Next  string
	Items []*DirectoryConflict
}

// DirectoryConflict is a disagreement between systems, with what was said about it.
type DirectoryConflict struct {
	Key       string
	Kind      ConflictKind
	Field     string
	Rule      string
	Severity  string
	Source    string
	Count     *int
	Records   []*ConflictRecord
	State     ConflictState
	Author    string
	Note      string
	At        time.Time
	FirstSeen time.Time
	LastSeen  time.Time
}

// ConflictRecord is a record in a conflict or a suggestion.
type ConflictRecord struct {
	Source   string
	RecordID string
	Code     string
	Customer *string
	Value    string
	// Who typed it in and who changed it last, as far as its source tells.
	CreatedBy  string
	ModifiedBy string
}

// Suggestions are some suggestions.
type Suggestions struct {
	Total         *int
	Next          string
	SharedDomains *int
	CrowdedNames  *int
	Items         []*Suggestion
}

// Suggestion is two records that may be one customer.
type Suggestion struct {
	Key    string
	Rule   string
	A      *ConflictRecord
	B      *ConflictRecord
	Fields []string
	Inside *bool
}

// Decisions are some decisions.
type Decisions struct {
	Total *int
	Next  string
	Items []*Decision
}

// Decision is what was decided by hand about two records.
type Decision struct {
	A         *RecordRef
	B         *RecordRef
	Verdict   string
	Author    string
	Reason    string
	At        time.Time
	Effect    string
	Customers []string
	Matching  *bool
}

// RecordRef is the name of a record.
type RecordRef struct {
	Source   string
	RecordID string
}

// DirectoryEvent is one line of the directory's history.
type DirectoryEvent struct {
	At       time.Time
	Kind     string
	Customer *string // nil for one that names none
	Other    *string
	Record   *RecordRef
	With     *RecordRef
	Rule     string
	Author   string
	Reason   string
	Records  *int
}

// DirectorySource is how the directory stands with one system.
type DirectorySource struct {
	Source    string
	State     CoverageState
	AsOf      time.Time
	ErrorCode string
	Records   *int
	Linked    *int
	Ambiguous *int
	Unmatched *int
	Deleted   *int
	HeldGot   *int
	HeldHad   *int
}

// Duplicates is which data is kept in several systems.
type Duplicates struct {
	AsOf      time.Time
	Records   *int
	Customers *int
	Sets      []*SourceSet
	Overlaps  []*SourceOverlap
	Inside    []*SourceInside
}

// RepeatedCustomers are some customers who were typed in more than once.
type RepeatedCustomers struct {
	Total *int
	Next  string
	Items []*RepeatedCustomer
}

// RepeatedCustomer is a customer who was typed in more than once.
type RepeatedCustomer struct {
	Customer *string
	Field    string
	Count    *int
	Records  []*ConflictRecord
}

// SourceSet is how many customers are in exactly these systems.
type SourceSet struct {
	Sources   []string
	Customers *int
}

// SourceOverlap is what two systems have in common.
type SourceOverlap struct {
	A         string
	B         string
	Customers *int
	Fields    []*FieldAgreement
}

// FieldAgreement is what two systems say about one field of their common customers.
type FieldAgreement struct {
	Field    string
	Agree    *int
	Disagree *int
	OnlyA    *int
	OnlyB    *int
}

// SourceInside is what one system has more than once.
type SourceInside struct {
	Source            string
	Records           *int
	SameNumber        *int
	SameNumberRecords *int
	SameName          *int
}

// DocumentOverlap is documents of one kind that two systems keep.
type DocumentOverlap struct {
	Entity     string
	A          string
	B          string
	InA        *int
	InB        *int
	Both       *int
	SameTotal  *int
	OtherTotal *int
	State      string
}

// DirectoryDryRun is what other rules would change.
type DirectoryDryRun struct {
	CustomersBefore *int
	CustomersAfter  *int
	Gained          []*RuleCount
	Lost            []*RuleCount
	Merged          *int
	Parted          *int
	ConflictsGained []*RuleCount
	ConflictsLost   []*RuleCount
	Examples        []*DryRunExample
}

// RuleCount is a number by rule, or by kind.
type RuleCount struct {
	Name  string
	Count *int
}

// DryRunExample is a customer that other rules would change.
type DryRunExample struct {
	Merge *bool
	Parts []*DryRunPart
}

// DryRunPart is records that are together.
type DryRunPart struct {
	Records []*RecordRef
}

// Refreshed is what was read anew of one kind of record.
type Refreshed struct {
	Source    string
	Entity    string
	Rows      *int
	Changed   *int
	ErrorCode string
}

// Pushed is what became of records that were pushed.
type Pushed struct {
	Source  string
	Stored  *int
	Same    *int
	Older   *int
	Refused *int
	Results []*PushedRecord
}

// PushedRecord is a record that was not stored.
type PushedRecord struct {
	Index   *int
	Result  string
	Code    string
	Path    string
	Message string
}
