package odata

// function is one canonical function of $filter (Part 2 §5.1.1.3 to §5.1.1.9).
type function struct {
	name   string
	op     Op
	result Type
	args   []argument
}

// argument says which types a function takes at one place.
type argument []Type

func (a argument) takes(t Type) bool {
	for _, want := range a {
		if t == want || t == 0 {
			return true
		}
	}
	return false
}

func (a argument) String() string {
	text := ""
	for i, t := range a {
		if i > 0 {
			text += " or "
		}
		text += t.String()
	}
	return text
}

var (
	text    = argument{String}
	dated   = argument{DateTime, Date}
	instant = argument{DateTime}
)

// functions are those that are done; read-only.
var functions = [...]function{
	{"contains", OpContains, Boolean, []argument{text, text}},
	{"startswith", OpStartsWith, Boolean, []argument{text, text}},
	{"endswith", OpEndsWith, Boolean, []argument{text, text}},
	{"tolower", OpToLower, String, []argument{text}},
	{"toupper", OpToUpper, String, []argument{text}},
	{"trim", OpTrim, String, []argument{text}},
	{"length", OpLength, Int, []argument{text}},
	{"year", OpYear, Int, []argument{dated}},
	{"month", OpMonth, Int, []argument{dated}},
	{"day", OpDay, Int, []argument{dated}},
	{"hour", OpHour, Int, []argument{instant}},
	{"minute", OpMinute, Int, []argument{instant}},
	{"second", OpSecond, Int, []argument{instant}},
	{"date", OpDate, Date, []argument{dated}},
}

func functionNamed(name string) *function {
	for i := range functions {
		if functions[i].name == name {
			return &functions[i]
		}
	}
	return nil
}

func functionNames() []string {
	names := make([]string, 0, len(functions))
	for i := range functions {
		names = append(names, functions[i].name)
	}
	return names
}

// isForeignFunction says whether OData 4.0 or 4.01 defines a function that this
// service does not do.
func isForeignFunction(name string) bool {
	switch name {
	case "concat", "indexof", "substring", "substringof", "matchesPattern", "hassubset", "hassubsequence",
		"now", "maxdatetime", "mindatetime", "fractionalseconds", "time", "totaloffsetminutes", "totalseconds",
		"round", "floor", "ceiling", "cast", "isof", "case",
		"geo.distance", "geo.intersects", "geo.length":
		return true
	}
	return false
}

// isForeignOperator says the same of the words between two operands.
func isForeignOperator(word string) bool {
	switch word {
	case "add", "sub", "mul", "div", "divby", "mod", "has":
		return true
	}
	return false
}
