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
	and, or, not                       string // not: %s a condition
	typ, filter, order                 string
	masked                             string // %s a mask
	onlyWhere                          string // %s a condition
	parts, partsAre, valueTypes, enums string
	value                              string

	lists       string
	listItems   []string // {default} {max}
	filters     string
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
