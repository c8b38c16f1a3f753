package schema

import "time"

// DatasetOrigin is where a dataset comes from.
type DatasetOrigin string

// The origins of datasets.
const (
	DatasetShipped   DatasetOrigin = "SHIPPED"
	DatasetDirectory DatasetOrigin = "DIRECTORY"
	DatasetSaved     DatasetOrigin = "SAVED"
)

// DatasetType is what a column of a dataset holds.
type DatasetType string

// The types of columns.
const (
	DatasetText     DatasetType = "TEXT"
	DatasetInt      DatasetType = "INT"
	DatasetDecimal  DatasetType = "DECIMAL"
	DatasetDateTime DatasetType = "DATETIME"
	DatasetDate     DatasetType = "DATE"
	DatasetBoolean  DatasetType = "BOOLEAN"
)

// Dataset is a table for reports as the graph shows it.
type Dataset struct {
	Name        string
	Label       string
	Description string
	Columns     []*DatasetColumn // nil where the view has none of it
	Origin      DatasetOrigin
	Text        string
	Problems    []*DatasetProblem // nil where it is not refused
	SavedBy     string
	SavedAt     time.Time
}

// DatasetColumn is a column of a dataset.
type DatasetColumn struct {
	Name        string
	Type        DatasetType
	Description string
	Masked      *bool
}

// DatasetProblem is why a dataset is refused.
type DatasetProblem struct {
	Line   *int // from 1; nil: the whole text
	Reason string
}
