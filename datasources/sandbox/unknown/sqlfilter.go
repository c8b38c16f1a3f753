package unknown

import (
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/govalues/decimal"
)

// sqlFilter tells whether a row passes a sqlfilters parameter.
type sqlFilter func(row *shopRow) bool

// maxFilterDepth bounds the nesting of an expression.
const maxFilterDepth = 50

// criterion is Dolibarr's own expression (htdocs/core/lib/functions.lib.php, forgeSQLFromUniversalSearchCriteria): a column, an
// operator, and a value that holds no bracket. The value may hold colons.
var criterion = regexp.MustCompile(`^\(([a-zA-Z0-9_.]+):([<>!=insotlkeINSOTLKE]+):([^()]+)\)`)

// parseSQLFilter reads «(t.ref:like:'CO26%') and ((t.fk_statut:=:1) or (t.tms:>:'20260101'))». Zone is the clock by which a time
// in the filter is read.
func parseSQLFilter(text string, set *shopSet, zone *time.Location) (sqlFilter, *shopError) {
	if !strings.HasPrefix(text, "(") || !strings.HasSuffix(text, ")") {
		text = "(" + text + ")"
	}
	p := &sqlParser{rest: text, set: set, zone: zone}
	f, fail := p.or(0)
	if fail != nil {
		return nil, fail
	}
	if p.space(); p.rest != "" {
		return nil, badFilter("Bad syntax of the search string")
	}
	return f, nil
}

func badFilter(text string) *shopError {
	return &shopError{http.StatusBadRequest, "Error when validating parameter sqlfilters -> " + text}
}

type sqlParser struct {
	rest string
	set  *shopSet
	zone *time.Location
}

func (p *sqlParser) space() { p.rest = strings.TrimLeft(p.rest, " ") }

// keyword takes «and» or «or», in either case, from what is left.
func (p *sqlParser) keyword(word string) bool {
	p.space()
	if len(p.rest) < len(word) || !strings.EqualFold(p.rest[:len(word)], word) {
		return false
	}
	if after := p.rest[len(word):]; after != "" && (after[0] == ' ' || after[0] == '(') {
		p.rest = after
		return true
	}
	return false
}

func (p *sqlParser) or(depth int) (sqlFilter, *shopError) {
	return p.chain(depth, "or", p.and, func(terms []sqlFilter) sqlFilter {
		return func(row *shopRow) bool {
			return slices.ContainsFunc(terms, func(f sqlFilter) bool { return f(row) })
		}
	})
}

func (p *sqlParser) and(depth int) (sqlFilter, *shopError) {
	return p.chain(depth, "and", p.unit, func(terms []sqlFilter) sqlFilter {
		return func(row *shopRow) bool {
			return !slices.ContainsFunc(terms, func(f sqlFilter) bool { return !f(row) })
		}
	})
}

func (p *sqlParser) chain(depth int, word string, next func(int) (sqlFilter, *shopError), join func([]sqlFilter) sqlFilter) (sqlFilter, *shopError) {
	var terms []sqlFilter
	for {
		f, fail := next(depth)
		if fail != nil {
			return nil, fail
		}
		if terms = append(terms, f); !p.keyword(word) {
			break
		}
	}
	if len(terms) == 1 {
		return terms[0], nil
	}
	return join(terms), nil
}

func (p *sqlParser) unit(depth int) (sqlFilter, *shopError) {
	p.space()
	if !strings.HasPrefix(p.rest, "(") {
		return nil, badFilter("Bad syntax of the search string")
	}
	if m := criterion.FindStringSubmatch(p.rest); m != nil {
		p.rest = p.rest[len(m[0]):]
		return p.criterion(m[1], strings.ToLower(m[2]), m[3])
	}
	if depth >= maxFilterDepth {
		return nil, badFilter("Too many levels")
	}
	p.rest = p.rest[1:]
	f, fail := p.or(depth + 1)
	if fail != nil {
		return nil, fail
	}
	if p.space(); !strings.HasPrefix(p.rest, ")") {
		return nil, badFilter("Bad balance of parenthesis")
	}
	p.rest = p.rest[1:]
	return f, nil
}

func (p *sqlParser) criterion(name, op, value string) (sqlFilter, *shopError) {
	col := p.set.column(name)
	if col < 0 {
		return nil, database(p.set, "Unknown column '"+name+"' in 'where clause'")
	}
	kind := cellText
	for i := range p.set.rows { // the kind of a column is that of its first value
		if k := p.set.rows[i].cells[col].kind; k != cellNull {
			kind = k
			break
		}
	}
	switch op {
	case "is", "isnot":
		if !strings.EqualFold(strings.Trim(value, "'"), "null") {
			return nil, database(p.set, "You have an error in your SQL syntax")
		}
		return func(row *shopRow) bool { return (row.cells[col].kind == cellNull) == (op == "is") }, nil
	case "like", "notlike":
		pattern, fail := like(unquote(value))
		if fail != nil {
			return nil, fail
		}
		return func(row *shopRow) bool {
			c := row.cells[col]
			return c.kind != cellNull && pattern.MatchString(c.print()) == (op == "like")
		}, nil
	case "in", "notin":
		var wanted []cell
		for one := range strings.SplitSeq(value, ",") { // a comma within quotes splits, too
			c, fail := p.literal(kind, one)
			if fail != nil {
				return nil, fail
			}
			wanted = append(wanted, c)
		}
		return func(row *shopRow) bool {
			c := row.cells[col]
			found := slices.ContainsFunc(wanted, func(w cell) bool { return c.compare(w) == 0 })
			return c.kind != cellNull && found == (op == "in")
		}, nil
	}
	test := map[string]func(int) bool{
		"=": func(o int) bool { return o == 0 }, "!=": func(o int) bool { return o != 0 }, "<>": func(o int) bool { return o != 0 },
		"<": func(o int) bool { return o < 0 }, "<=": func(o int) bool { return o <= 0 },
		">": func(o int) bool { return o > 0 }, ">=": func(o int) bool { return o >= 0 },
	}[op]
	if test == nil {
		return nil, badFilter("Bad operator")
	}
	c, fail := p.literal(kind, value)
	if fail != nil {
		return nil, fail
	}
	return func(row *shopRow) bool {
		return row.cells[col].kind != cellNull && test(row.cells[col].compare(c))
	}, nil
}

func unquote(value string) string {
	if len(value) > 1 && value[0] == '\'' && value[len(value)-1] == '\'' {
		return value[1 : len(value)-1]
	}
	return value
}

// sqlTimes are the forms in which MySQL reads a time.
var sqlTimes = [...]string{"20060102150405", "20060102", "2006-01-02 15:04:05", "2006-01-02T15:04:05", "2006-01-02"}

// literal reads a value as the database casts it to the column's type.
func (p *sqlParser) literal(kind cellKind, value string) (cell, *shopError) {
	value = unquote(strings.TrimSpace(value))
	switch kind {
	case cellNumber:
		d, err := decimal.Parse(value)
		if err != nil {
			d = decimal.Zero // what no number begins is nought to MySQL
		}
		return decimalCell(d), nil
	case cellTime:
		for _, layout := range sqlTimes {
			if t, err := time.ParseInLocation(layout, value, p.zone); err == nil {
				return timeCell(t), nil
			}
		}
		return cell{}, database(p.set, "Incorrect DATETIME value: '"+value+"'")
	}
	return textCell(value), nil
}

// like turns a pattern of SQL into an expression: % any run, _ any character, whatever the case.
func like(pattern string) (*regexp.Regexp, *shopError) {
	var b strings.Builder
	b.WriteString("(?is)^")
	for _, r := range pattern {
		switch r {
		case '%':
			b.WriteString(".*")
		case '_':
			b.WriteByte('.')
		default:
			b.WriteString(regexp.QuoteMeta(string(r)))
		}
	}
	b.WriteByte('$')
	re, err := regexp.Compile(b.String())
	if err != nil {
		return nil, badFilter("Bad pattern")
	}
	return re, nil
}

// print is the cell as text, which is what LIKE looks at.
func (c cell) print() string {
	switch c.kind {
	case cellNumber:
		return c.num.String()
	case cellTime:
		return c.at.Format("2006-01-02 15:04:05")
	}
	return c.text
}
