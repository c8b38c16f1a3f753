package mapping

// Locale says how a system writes numbers and times. It is a part of the
// configuration of the declarative connectors.
type Locale struct {
	// Decimals is how texts hold decimals: auto, dot or comma; default auto. JSON
	// numbers are always taken exactly. auto takes what has one meaning only
	// ("1250.00", "1 250,00", "1.234,56", "1,234.56", "0.125", "1.5") and refuses
	// what has two: "1.234" and "1,234" are null, with a problem. dot and comma say
	// which sign stands before the fraction; the other one then may only part
	// groups of three.
	Decimals string `yaml:"decimals"`
	// Dates are tried in their order: layouts of Go's package time
	// ("2006-01-02", "02/01/2006"), or unix (seconds), unix_ms (milliseconds),
	// dotnet ("/Date(1583280000000)/"). Default 2006-01-02T15:04:05Z07:00,
	// 2006-01-02T15:04:05, 2006-01-02 15:04:05 and 2006-01-02.
	Dates []string `yaml:"dates"`
	// Zone is the wall clock of times that tell none, as IANA names it; default
	// UTC.
	Zone string `yaml:"zone"`
	// BlankDates are what stands for no date, beside the empty text, 0000-00-00
	// with or without a time of zeros, and the first of January of the year 1.
	BlankDates []string `yaml:"blank_dates"`
}

// Field says where a column comes from. As a text or a list of texts it is At.
type Field struct {
	// At are the paths that may hold it; the first that is there, not null and not
	// blank is taken. See Path.
	At []string `yaml:"at" short:"true"`
	// Value is a constant instead of At.
	Value string `yaml:"value"`
	// Map turns what the system writes into what is shown. A raw text it does not
	// know is kept and counted as a problem.
	Map map[string]string `yaml:"map"`
	// Inverse turns a truth value round: active from "blocked".
	Inverse bool `yaml:"inverse"`
	// Decimals and Dates replace those of the Locale for this field.
	Decimals string   `yaml:"decimals"`
	Dates    []string `yaml:"dates"`
	// Fields are the columns of what At holds a list of: lines, states, stock.
	Fields Fields `yaml:"fields"`
}

// Fields are the columns of an entity by their SDL names.
type Fields map[string]Field
