package schema

import "time"

// Customer is a customer as all systems together know him: the golden record of
// the directory. Its Key is the directory's own id and its Source is "". Members
// to Provenance are filled by the directory, from the untouched records of the
// sources, each time it is asked.
type Customer struct {
	Record
	Name       string
	LegalName  string
	TaxID      string
	Country    string
	Email      string
	Phone      string
	Website    string
	Address    *Address
	Members    []*CustomerMember
	Coverage   []*CustomerCoverage
	Conflicts  []*CustomerConflict
	Provenance []*FieldProvenance
}

// CustomerPage is a page of them.
type CustomerPage = Page[Customer]

// CustomerEdge is one with its cursor.
type CustomerEdge = Edge[Customer]

// Column returns a column by its SDL name, null when absent or unknown.
func (x *Customer) Column(name string) Value {
	switch name {
	case "name":
		return String(x.Name)
	case "legalName":
		return String(x.LegalName)
	case "taxId":
		return String(x.TaxID)
	case "country":
		return String(x.Country)
	case "email":
		return String(x.Email)
	case "phone":
		return String(x.Phone)
	}
	return x.Record.column(name)
}

// Address is a postal address.
type Address struct {
	Street     string
	City       string
	PostalCode string
	Country    string
}

// CustomerMember is one system's record of a customer.
type CustomerMember struct {
	Source   string
	RecordID string
	Code     string
	Rule     string // FIRST, R0, R1, R2
	Evidence string
}

// CoverageState says whether a system knows a customer.
type CoverageState string

// The states of coverage.
const (
	CoverageLinked        CoverageState = "LINKED"
	CoverageAssumed       CoverageState = "ASSUMED"
	CoverageNoMatch       CoverageState = "NO_MATCH"
	CoverageAmbiguous     CoverageState = "AMBIGUOUS"
	CoverageUnavailable   CoverageState = "SOURCE_UNAVAILABLE"
	CoverageNotConfigured CoverageState = "NOT_CONFIGURED"
)

// CustomerCoverage says whether one system knows a customer.
type CustomerCoverage struct {
	Source string
	State  CoverageState
	AsOf   time.Time
}

// ConflictKind is a kind of disagreement between systems.
type ConflictKind string

// The kinds of conflicts (identity.md §5).
const (
	ConflictAmbiguousMatch    ConflictKind = "AMBIGUOUS_MATCH"
	ConflictFiscalIDMismatch  ConflictKind = "FISCAL_ID_MISMATCH"
	ConflictInvalidFiscalID   ConflictKind = "INVALID_FISCAL_ID"
	ConflictDuplicateInSource ConflictKind = "DUPLICATE_IN_SOURCE"
	ConflictSharedFiscalID    ConflictKind = "SHARED_FISCAL_ID"
	ConflictBrokenForeignID   ConflictKind = "BROKEN_FOREIGN_ID"
	ConflictValue             ConflictKind = "VALUE_CONFLICT"
)

// CustomerConflict is a disagreement between systems. Key is stable.
type CustomerConflict struct {
	Key     string
	Kind    ConflictKind
	Field   string
	Records []*CustomerMember
}

// FieldProvenance says where a field of a customer comes from.
type FieldProvenance struct {
	Field        string
	Source       string
	ReadAt       time.Time
	Rule         string
	Alternatives []*FieldAlternative
}

// FieldAlternative is what another system says about a field.
type FieldAlternative struct {
	Source string
	Value  string
}
