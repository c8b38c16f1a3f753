package mapping_test

import (
	"testing"
	"time"

	"github.com/trama-graph/trama/datasources/internal/mapping"
)

func TestParseDate(t *testing.T) {
	french := []string{"2006-01-02", "02/01/2006", "2006-01-02T15:04:05"}
	for name, c := range map[string]struct {
		text, zone string
		dates      []string
		blank      []string
		want, kind string
	}{
		"ISO day":                     {text: "2026-03-04", zone: "Europe/Paris", dates: french, want: "2026-03-03T23:00:00Z"},
		"French, day first":           {text: "02/03/2026", zone: "Europe/Paris", dates: french, want: "2026-03-01T23:00:00Z"},
		"ISO time, summer":            {text: "2026-07-04T08:30:00", zone: "Europe/Paris", dates: french, want: "2026-07-04T06:30:00Z"},
		"São Paulo":                   {text: "2026-03-04 10:00:00", zone: "America/Sao_Paulo", want: "2026-03-04T13:00:00Z"},
		"its own zone":                {text: "2026-03-09T08:30:00+01:00", zone: "America/Sao_Paulo", want: "2026-03-09T07:30:00Z"},
		"fractions of a second":       {text: "2026-03-09T08:30:00.123Z", want: "2026-03-09T08:30:00.123Z"},
		"no zone is UTC":              {text: "2026-03-04", want: "2026-03-04T00:00:00Z"},
		"31 February":                 {text: "31/02/2026", dates: french, kind: mapping.NoSuchDay},
		"29 February of no leap year": {text: "2026-02-29", kind: mapping.NoSuchDay},
		"31 February, default form":   {text: "2026-02-31", kind: mapping.NoSuchDay},
		"month 13":                    {text: "13/13/2026", dates: french, kind: mapping.NoSuchDay},
		"undeclared form":             {text: "4 mars 2026", dates: french, kind: mapping.UnknownDate},
		"American, undeclared":        {text: "2026/03/04", dates: french, kind: mapping.UnknownDate},
		"unix":                        {text: "1772582400", dates: []string{"unix"}, want: "2026-03-04T00:00:00Z"},
		"unix as a float":             {text: "1772582400.0", dates: []string{"unix"}, want: "2026-03-04T00:00:00Z"},
		"unix in milliseconds":        {text: "1772582400000", dates: []string{"unix_ms"}, want: "2026-03-04T00:00:00Z"},
		"milliseconds taken for unix": {text: "1772582400000", dates: []string{"unix"}, kind: mapping.UnknownDate},
		"unix where a layout was":     {text: "1772582400", kind: mapping.UnknownDate},
		"dotnet":                      {text: "/Date(1772582400000)/", dates: []string{"dotnet"}, want: "2026-03-04T00:00:00Z"},
		"dotnet with an offset":       {text: "/Date(1772582400000+0100)/", dates: []string{"dotnet"}, want: "2026-03-04T00:00:00Z"},
		"dotnet, escaped":             {text: `\/Date(1772582400000)\/`, dates: []string{"dotnet"}, want: "2026-03-04T00:00:00Z"},
		"dotnet before 1970":          {text: "/Date(-1000)/", dates: []string{"dotnet"}, want: "1969-12-31T23:59:59Z"},
		"dotnet, half":                {text: "/Date(17", dates: []string{"dotnet"}, kind: mapping.UnknownDate},
		"blank":                       {text: "  "},
		"blank, MySQL":                {text: "0000-00-00 00:00:00"},
		"blank, MySQL day":            {text: "0000-00-00"},
		"blank, day first":            {text: "00/00/0000"},
		"blank, day first, points":    {text: "00.00.0000 00:00:00"},
		"blank, without signs":        {text: "00000000"},
		"blank, with a T":             {text: "0000-00-00T00:00:00Z"},
		"zeros that are no date":      {text: "0.000000", kind: mapping.UnknownDate},
		"a time of zeros":             {text: "00:00:00", kind: mapping.UnknownDate},
		"blank, .NET":                 {text: "0001-01-01T00:00:00"},
		"blank, declared":             {text: "-", blank: []string{"-", "0"}},
		"blank, declared nought":      {text: "0", dates: []string{"unix"}, blank: []string{"0"}},
		"nought is 1970":              {text: "0", dates: []string{"unix"}, want: "1970-01-01T00:00:00Z"},
		"year 10000":                  {text: "253402300800", dates: []string{"unix"}, kind: mapping.UnknownDate},
		"the end of time":             {text: "9999-12-31", want: "9999-12-31T00:00:00Z"},
		"second style":                {text: "1772582400", dates: []string{"2006-01-02", "unix"}, want: "2026-03-04T00:00:00Z"},
	} {
		t.Run("case="+name, func(t *testing.T) {
			at, kind, err := mapping.ParseDate(c.text, mapping.Locale{Dates: c.dates, Zone: c.zone, BlankDates: c.blank})
			if err != nil || kind != c.kind {
				t.Fatalf("kind %q, %v; want %q", kind, err, c.kind)
			}
			got := ""
			if !at.IsZero() {
				got = at.Format(time.RFC3339Nano)
			}
			if got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestLocaleMistakes(t *testing.T) {
	got := mapping.CheckLocale(mapping.Locale{Decimals: "german", Dates: []string{"2006-01-02", "dd.mm.yyyy", "", "01/2006", "15:04"}, Zone: "Mars/Olympus"})
	wantErrors(t, got, "decimals: expected auto, dot or comma", "zone: unknown, expected a name such as Europe/Paris",
		"dates[1]: is no layout of a date", "dates[2]: is empty", "dates[3]: is no layout", "dates[4]: is no layout")
}

// FuzzDate reads nothing that does not come out again as it was written.
func FuzzDate(f *testing.F) {
	for _, s := range []string{"2026-03-04", "31/02/2026", "0000-00-00", "/Date(1)/", "1772582400", "2026-03-04T10:00:00Z"} {
		f.Add(s, "02/01/2006")
		f.Add(s, "unix")
		f.Add(s, "dotnet")
	}
	f.Fuzz(func(t *testing.T, text, layout string) {
		at, kind, err := mapping.ParseDate(text, mapping.Locale{Dates: []string{layout}, Zone: "Europe/Paris"})
		if err != nil || kind != "" || at.IsZero() {
			return
		}
		if y := at.Year(); y < 1 || y > 9999 {
			t.Fatalf("%q by %q is in the year %d", text, layout, y)
		}
		if _, err := at.MarshalJSON(); err != nil {
			t.Fatalf("%q by %q cannot be shown: %v", text, layout, err)
		}
	})
}
