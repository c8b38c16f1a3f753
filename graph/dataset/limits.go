package dataset

// What a dataset and a catalogue may have at most. All are far above what a report
// needs, and low enough that a text cannot take the server's memory or time.
const (
	MaxDatasets = 500       // in one catalogue
	MaxBytes    = 64 * 1024 // of one text
	MaxColumns  = 250       // of one table, and of the fields an operation asks
	MaxDepth    = 12        // of objects within objects
	MaxLists    = 12        // root lists of one summary
	MaxGroups   = 2_000_000 // of an aggregation, unless the caller says otherwise

	maxName   = 64    // signs of a dataset's name
	maxTokens = 16384 // lexical, of one text
	maxFields = 2000  // looked at in one text, fragments put in their places
)
