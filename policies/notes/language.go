package notes

import (
	"errors"
	"fmt"
	"strings"

	"github.com/trama-graph/trama/schema"
)

// Language is a language of the fixed sentences, as ISO 639-1 has it. Descriptions
// of fields are the schema's and stay English.
type Language string

// The languages.
const (
	English    Language = "en"
	French     Language = "fr"
	Romanian   Language = "ro"
	Portuguese Language = "pt"
)

// Languages returns the languages notes are written in, English first.
func Languages() []Language { return []Language{English, French, Romanian, Portuguese} }

// ParseLanguage takes "en", "fr", "ro" or "pt".
func ParseLanguage(s string) (Language, error) {
	for _, l := range Languages() {
		if s == string(l) {
			return l, nil
		}
	}
	return "", fmt.Errorf("no notes in the language %q: there are en, fr, ro and pt", s)
}

// File is the name of a package's note in a language: carrier.md, carrier.fr.md.
func File(name string, l Language) string {
	if l == English {
		return name + ".md"
	}
	return name + "." + string(l) + ".md"
}

// own is what the language calls itself.
func (l Language) own() string {
	switch l {
	case French:
		return "Français"
	case Romanian:
		return "Română"
	case Portuguese:
		return "Português"
	}
	return "English"
}

// group is what stands between the thousands of a number.
func (l Language) group() string {
	switch l {
	case French:
		return "\u202f"
	case Romanian, Portuguese:
		return "."
	}
	return ","
}

// texts are the fixed sentences of one language. A test holds that none is empty.
type texts struct {
	colon     string // between a word and what it says: French has a space before it
	note      string
	packageIs string // %s the package
	only      string

	access      string
	accessItems []string // {url}
	claims      string
	claim       map[string]string // by name
	otherClaim  string

	example string

	questions                          string
	field, gives, arguments, meaning   string
	pageOf                             string // %s a link to the type
	records, rows, allRows, onlyRows   string // onlyRows: %s a condition
	noRows                             string
	sameCustomer, isCustomer           string // a document's customer; the customer himself
	isClaim                            string // %s column, %s claim
	isOneOf                            string // %s column, %s values
	isVia                              string // %s types
	viaOnly                            string // of rows that are reached so only
	and, or                            string
	andNot, nor                        string // with their spaces: what begins a negative part; what stands between values
	notSameCustomer, notCustomer       string // the contrary of sameCustomer, isCustomer
	isNotClaim                         string // %s column, %s claim
	isNot, isNoneOf                    string // %s column, %s one value; several
	isNotVia                           string // %s types
	typ, filter, order                 string
	masked                             string // %s a mask
	onlyWhere                          string // %s a condition
	parts, partsAre, valueTypes, enums string
	value                              string
	adds, addsIf                       string // of fields on records that other packages show; of those with conditions

	lists     string
	listItems []string // {default} {max}
	filters   string

	sampleFilter, sampleDate, sampleNext string // what an example shows

	kind        string
	conditions  string
	kinds       map[string]string // by input type
	noFilters   string
	dates       string
	dateItems   []string
	masks       string
	masksAre    string
	maskKinds   map[string]string // by policies.MaskKind
	limits      string
	limitsAre   string
	limitItems  []string
	limit       string
	standard    string
	unlimited   string
	limitNames  map[string]string // by field of Agreement
	errors      string
	errorsAre   string
	code, doing string
	codes       map[schema.Code][2]string // what it means, what to do
	statuses    string
	status      string
	statusTexts map[string]string // by status
	systems     string
	systemsAre  string
}

func textsOf(l Language) (*texts, error) {
	switch l {
	case English:
		return english(), nil
	case French:
		return french(), nil
	case Romanian:
		return romanian(), nil
	case Portuguese:
		return portuguese(), nil
	}
	return nil, errors.New("no notes in the language " + strings.ToValidUTF8(string(l), "?"))
}
