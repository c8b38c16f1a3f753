package mapping

// The reasons why a text is no document.
var (
	ErrSyntax error = &broken{text: "mapping: not JSON", reason: "makes no sense"}
	// ErrCut is an ErrSyntax, too: the text ends where it should go on.
	ErrCut   error = &broken{text: "mapping: JSON that was cut off", reason: "was cut off", is: ErrSyntax}
	ErrDepth error = &broken{text: "mapping: JSON nested too deeply", reason: "is nested more deeply than agreed"}
	ErrSize  error = &broken{text: "mapping: JSON of too many values", reason: "is larger than agreed"}
)

// The reasons why a document has no list of records.
var (
	ErrNoList error = &broken{text: "mapping: none of the paths holds a list of records", reason: "holds no list of records"}
	ErrTwice  error = &broken{text: "mapping: the list of records is there twice", reason: "holds its list of records twice"}
)

// broken is why an answer cannot be read. It holds nothing of it.
type broken struct {
	text   string
	reason string
	is     error // what it is a kind of
}

// Error is for the log.
func (b *broken) Error() string { return b.text }

// Reason implements wire.Reasoned.
func (b *broken) Reason() string { return b.reason }

// Unwrap returns what the error is a kind of.
func (b *broken) Unwrap() error { return b.is }
