package odata_test

import (
	"errors"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/trama-graph/trama/graph/odata"
	"github.com/trama-graph/trama/schema"
)

// A next link is an address of the same question, at the position it was made of.
func TestNextProperty(t *testing.T) {
	s := newSealer(t)
	rapid.Check(t, func(t *rapid.T) {
		options := []string{
			"$filter=" + url.QueryEscape("city eq '"+strings.ReplaceAll(rapid.StringOfN(rapid.RuneFrom([]rune("a&=+%#?/'\"<>\\ Ж\t")), 0, 9, -1).Draw(t, "city"), "'", "''")+"' or lines gt 5"),
			"$orderby=" + rapid.SampledFrom([]string{"city", "amount+desc,modifiedAt", "key", "isDeleted%20desc"}).Draw(t, "order"),
			"$select=" + rapid.SampledFrom([]string{"key", "*", "amount,city"}).Draw(t, "select"),
			"%24top=" + rapid.SampledFrom([]string{"0", "77"}).Draw(t, "top"),
			"$count=" + rapid.SampledFrom([]string{"true", "false"}).Draw(t, "count"),
			"$format=application/json;odata.metadata=full",
			"api_key=sesame",
		}
		query := strings.Join(rapid.Permutation(options).Draw(t, "options")[:rapid.IntRange(0, len(options)).Draw(t, "n")], "&")
		q, err := odata.Parse("invoices", query, sets, odata.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		row := cells(t)
		p := odata.Position{Given: rapid.Int64Range(0, 1<<40).Draw(t, "given"), Count: rapid.Int64Range(-1, 1<<40).Draw(t, "count"), Mark: []byte(rapid.StringN(0, 20, 200).Draw(t, "mark"))}
		for _, o := range q.Order {
			p.Values = append(p.Values, row[o.Column])
		}
		next, err := q.Next(base, p, s)
		if err != nil {
			t.Fatal(err)
		}
		u, err := url.Parse(next)
		if err != nil || strings.ContainsAny(next, "\"<>\\ \t") || strings.Contains(next, "sesame") {
			t.Fatalf("%s: %v", next, err)
		}
		path, rawQuery, err := odata.Resolve(base, next)
		if err != nil || rawQuery != u.RawQuery {
			t.Fatalf("%s: %s %s %v", next, path, rawQuery, err)
		}
		q2, err := odata.Parse(path, rawQuery, sets, odata.Limits{})
		if err != nil {
			t.Fatalf("%s: %v", next, err)
		}
		if q2.Canonical() != q.Canonical() || !q2.IsContinued() || q.IsContinued() {
			t.Fatalf("%s is not the same question", next)
		}
		f1, _ := q.Format("")
		if f2, _ := q2.Format(""); f1 != f2 {
			t.Fatalf("%s has another format", next)
		}
		p2, err := q2.Position(s)
		if err != nil {
			t.Fatal(err)
		}
		p.Mark = append([]byte{}, p.Mark...)
		if diff := cmp.Diff(p, p2, cmp.Comparer(equalDecimals)); diff != "" {
			t.Fatal(diff)
		}
	})
}

func TestForeignTokens(t *testing.T) {
	s := newSealer(t)
	const query = "$filter=lines gt 5&$orderby=amount&$select=key&$top=10&$count=true"
	q := parse(t, "invoices", query)
	position := odata.Position{Values: []schema.Value{dec("1.5"), schema.String("k")}, Given: 5, Count: 9}
	token, err := q.Token(position, s)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ name, query, token string }{
		{"another filter", strings.Replace(query, "5", "6", 1), token},
		{"no filter", strings.Replace(query, "$filter=lines gt 5&", "", 1), token},
		{"another order", strings.Replace(query, "=amount", "=amount desc", 1), token},
		{"another selection", strings.Replace(query, "select=key", "select=city", 1), token},
		{"another top", strings.Replace(query, "10", "11", 1), token},
		{"a skip", query + "&$skip=1", token},
		{"no count", strings.Replace(query, "true", "false", 1), token},
		{"a changed token", query, "B" + token[1:]},
		{"a cut token", query, token[:len(token)-2]},
		{"no token", query, "x"},
		{"a long token", query, strings.Repeat("A", 5000)},
		{"sealed by somebody else", query, s.s.Cursor([]byte("x"), []byte("graphql"))},
		{"sealed here, not a position", query, s.Seal([]byte{1})},
		{"sealed here, nothing", query, s.Seal(nil)},
	} {
		t.Run("case="+c.name, func(t *testing.T) {
			q := parse(t, "invoices", c.query+"&$skiptoken="+c.token)
			_, err := q.Position(s)
			var e *odata.Error
			if !errors.As(err, &e) || e.Status() != 400 || e.Error() != "$skiptoken: this is not the token of a page of this question; begin again without it" {
				t.Errorf("got %v", err)
			}
		})
	}
	t.Run("case=the question in other words", func(t *testing.T) {
		q := parse(t, "invoices", "$skiptoken="+token+"&$count=true&$top=10&$select=key&%24orderby=amount+asc&$filter=(lines+gt+5)&$format=json")
		got, err := q.Position(s)
		if err != nil || got.Given != 5 || got.Count != 9 {
			t.Errorf("got %v, %v", got, err)
		}
	})
	t.Run("case=empty is not null", func(t *testing.T) {
		const order = "$orderby=city,modifiedAt"
		p := odata.Position{Values: []schema.Value{{Kind: schema.KindString}, {Kind: schema.KindTime}, schema.String("k")}}
		token, err := parse(t, "invoices", order).Token(p, s)
		if err != nil {
			t.Fatal(err)
		}
		got, err := parse(t, "invoices", order+"&$skiptoken="+token).Position(s)
		if diff := cmp.Diff(p.Values, got.Values, cmp.Comparer(equalDecimals)); err != nil || diff != "" {
			t.Error(err, diff)
		}
	})
	t.Run("case=wrong positions", func(t *testing.T) {
		for _, p := range []odata.Position{
			{Values: []schema.Value{dec("1")}},
			{Values: []schema.Value{schema.String("x"), schema.String("k")}},
			{Values: position.Values, Mark: make([]byte, 1_100)},
			{Values: []schema.Value{dec("1"), schema.String(strings.Repeat("x", 2000))}},
		} {
			if token, err := q.Token(p, s); err == nil {
				t.Errorf("%v gave %s", p, token)
			}
		}
	})
	t.Run("case=the longest token can be opened", func(t *testing.T) {
		p := odata.Position{Values: []schema.Value{dec("1"), schema.String(strings.Repeat("x", 1300))}, Count: -1}
		token, err := q.Token(p, s)
		if err != nil {
			t.Fatal(err)
		}
		got, err := parse(t, "invoices", query+"&$skiptoken="+token).Position(s)
		if err != nil || got.Values[1].Str != p.Values[1].Str {
			t.Error(err)
		}
	})
}

func TestRowURL(t *testing.T) {
	for key, want := range map[string]string{
		"a1":       "('a1')",
		"O'Neil":   "('O''Neil')",
		"a/b c?#%": "('a%2Fb%20c%3F%23%25')",
		`<"\>`:     "('%3C%22%5C%3E')",
		"Ж":        "('%D0%96')",
		"''":       "('''''')",
		"a(b)":     "('a%28b%29')",
	} {
		got := string(invoices().AppendRowURL(nil, base, key))
		if got != base+"/invoices"+want {
			t.Errorf("%q: got %s", key, got)
		}
		path, query, err := odata.Resolve(base, got)
		if err != nil {
			t.Fatal(err)
		}
		if q := parse(t, path, query); q.Target != odata.Row || q.Key != key {
			t.Errorf("%s is read as %q", got, q.Key)
		}
	}
}
