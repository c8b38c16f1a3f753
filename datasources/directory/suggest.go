package directory

import (
	"context"

	"github.com/trama-graph/trama/schema"
)

// Suggestion is a pair of records that may be one customer (R4, R5). It never links:
// a person decides, by Link or Deny of the two records.
type Suggestion struct {
	Key  string // stable: of the rule and the records
	Rule string // R4, R5
	A, B ConflictRecord
	// Fields are the SDL fields that agree: email or website for R4; name and one or
	// more of city, postalCode and phone for R5. Values are those fields' own.
	Fields []string
	// IsInside tells that both records are of one source: perhaps typed in twice.
	IsInside bool
}

// SuggestionFilter narrows suggestions; zero values do not.
type SuggestionFilter struct {
	Customer string // golden id or alias of one of the two
	Source   string // of one of the two
	Rule     string // R4, R5
	Inside   bool   // only pairs inside one source
}

// SuggestStats tells what the suggesting rules left out.
type SuggestStats struct {
	Suggestions  int
	SharedDomain int // domains that more than one company of a source uses
	CrowdedName  int // names that too many records have to suggest anything
	Beyond       int // suggestions beyond the bound of 100,000
}

// Suggestions returns at most first pairs behind a cursor, the cursor of the next
// page and how many there are. Pairs that were denied, that contradict each other by
// fiscal numbers, or that are linked already are not among them. The first call
// after a change of the directory looks at all records; what did not change is not
// computed anew.
func (d *Directory) Suggestions(ctx context.Context, f SuggestionFilter, first int, after string) (list []Suggestion, next string, total int, err error) {
	s := d.snapshot.Load()
	in, err := s.scopeOf(ConflictFilter{Source: f.Source, Customer: f.Customer})
	if err != nil {
		return nil, "", 0, err
	}
	from, err := cursorAt(after)
	if err != nil {
		return nil, "", 0, err
	}
	all, _, err := s.suggested(ctx)
	if err != nil {
		return nil, "", 0, err
	}
	for i := range all {
		x := &all[i]
		inside := s.sourceOf(x.a) == s.sourceOf(x.b)
		if f.Inside && !inside || f.Rule != "" && f.Rule != x.rule() ||
			in.source >= 0 && s.sourceOf(x.a) != in.source && s.sourceOf(x.b) != in.source ||
			in.customer >= 0 && s.cluster.at(x.a) != in.customer && s.cluster.at(x.b) != in.customer {
			continue
		}
		if total >= from && len(list) < first {
			list = append(list, s.suggestion(x))
		}
		total++
	}
	if end := from + len(list); end < total && len(list) > 0 {
		next = cursorOf(end)
	}
	return list, next, total, nil
}

// SuggestStats returns what the suggesting rules found and left out.
func (d *Directory) SuggestStats(ctx context.Context) (SuggestStats, error) {
	_, stats, err := d.snapshot.Load().suggested(ctx)
	return stats, err
}

// suggestion makes a pair as it is shown.
func (s *snapshot) suggestion(x *candidate) Suggestion {
	show := func(rec int32) ConflictRecord {
		return ConflictRecord{RecordRef: s.refOf(rec), Code: s.rec(rec).text(textCode), Customer: s.id(s.cluster.at(rec)), Value: s.rec(rec).text(textName)}
	}
	rule := x.rule()
	return Suggestion{
		Key: "sg_" + s.conflictKey(schema.ConflictKind(rule), "", []int32{x.a, x.b})[len("cf_"):], Rule: rule,
		A: show(x.a), B: show(x.b), Fields: x.fields(), IsInside: s.sourceOf(x.a) == s.sourceOf(x.b),
	}
}
