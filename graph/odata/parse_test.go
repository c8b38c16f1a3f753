package odata_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/trama-graph/trama/graph/odata"
	"github.com/trama-graph/trama/schema"
)

func TestParseAddress(t *testing.T) {
	for _, c := range []struct {
		name, path, query string
		want              odata.Target
		key               string
	}{
		{"root", "", "", odata.ServiceDocument, ""},
		{"root with a slash", "/", "", odata.ServiceDocument, ""},
		{"root as json", "/", "$format=json", odata.ServiceDocument, ""},
		{"metadata", "/$metadata", "", odata.Metadata, ""},
		{"metadata encoded", "/%24metadata", "", odata.Metadata, ""},
		{"metadata as xml", "/$metadata", "$format=xml", odata.Metadata, ""},
		{"metadata as media type", "/$metadata", "%24format=application%2Fxml", odata.Metadata, ""},
		{"batch", "/$batch", "", odata.BatchRequest, ""},
		{"batch with a key", "/$batch", "api_key=trm_live_x", odata.BatchRequest, ""},
		{"set", "/invoices", "", odata.Rows, ""},
		{"set with a slash", "/invoices/", "", odata.Rows, ""},
		{"count", "/invoices/$count", "", odata.Count, ""},
		{"count with a slash", "/invoices/$count/", "", odata.Count, ""},
		{"count encoded", "invoices/%24count", "$filter=lines gt 1", odata.Count, ""},
		{"row", "/invoices('a1')", "", odata.Row, "a1"},
		{"row by name", "/invoices(key='a1')", "$select=amount", odata.Row, "a1"},
		{"row with blanks", "/invoices(%20key%20=%20'a1'%20)", "", odata.Row, "a1"},
		{"row encoded", "/invoices%28%27a%2Fb%27%29", "", odata.Row, "a/b"},
		{"row with quotes", "/invoices('O''Neil')", "", odata.Row, "O'Neil"},
		{"row with quotes encoded", "/invoices('O%27%27Neil')", "", odata.Row, "O'Neil"},
		{"row with a plus", "/invoices('a+b')", "", odata.Row, "a+b"},
		{"row with a plus and an encoding", "/invoices('a+b%20c')", "", odata.Row, "a+b c"},
		{"row in cyrillic", "/invoices('%D0%96')", "", odata.Row, "Ж"},
		{"row with an empty key", "/invoices('')", "", odata.Row, ""},
		{"row with parentheses", "/invoices('(x)')", "", odata.Row, "(x)"},
	} {
		t.Run("case="+c.name, func(t *testing.T) {
			q := parse(t, c.path, c.query)
			if q.Target != c.want || q.Key != c.key {
				t.Errorf("got %v %q, want %v %q", q.Target, q.Key, c.want, c.key)
			}
		})
	}
}

func TestParseOptions(t *testing.T) {
	for _, c := range []struct {
		name, query, want string // want is the canonical text behind the set's name
	}{
		{"nothing", "", "$filter=&$orderby=key,&$top=-1&$skip=0&$count=false"},
		{"encoded name", "%24top=5", "$filter=&$orderby=key,&$top=5&$skip=0&$count=false"},
		{"count twice", "$count=true&$count=true", "$filter=&$orderby=key,&$top=-1&$skip=0&$count=true"},
		{"count false", "$count=false", "$filter=&$orderby=key,&$top=-1&$skip=0&$count=false"},
		{"plus as space", "$orderby=amount+desc", "$filter=&$orderby=amount desc,key,&$top=-1&$skip=0&$count=false"},
		{"several orders", "$orderby=%20city%20asc%20,%20amount%20desc,lines", "$filter=&$orderby=city,amount desc,lines,key,&$top=-1&$skip=0&$count=false"},
		{"order by key", "$orderby=key desc", "$filter=&$orderby=key desc,&$top=-1&$skip=0&$count=false"},
		{"top and skip", "$top=0&$skip=7", "$filter=&$orderby=key,&$top=0&$skip=7&$count=false"},
		{"empty items", "&&$top=1&", "$filter=&$orderby=key,&$top=1&$skip=0&$count=false"},
		{"key of the door", "api_key=secret&$top=1", "$filter=&$orderby=key,&$top=1&$skip=0&$count=false"},
		{"allowed custom option", "trace=1&$top=1", "$filter=&$orderby=key,&$top=1&$skip=0&$count=false"},
		{"filter", "$filter=%28lines%20ge%202+and+lines lt 5%29", "$filter=(lines ge 2) and (lines lt 5)&$orderby=key,&$top=-1&$skip=0&$count=false"},
		{"equals in a value", "$filter=city eq 'a=b'", "$filter=city eq 'a=b'&$orderby=key,&$top=-1&$skip=0&$count=false"},
		{"ampersand in a value", "$filter=city eq 'a%26b'", "$filter=city eq 'a&b'&$orderby=key,&$top=-1&$skip=0&$count=false"},
	} {
		t.Run("case="+c.name, func(t *testing.T) {
			q, err := odata.Parse("invoices", c.query, sets, odata.Limits{Custom: []string{"trace"}})
			if err != nil {
				t.Fatal(err)
			}
			_, got, _ := strings.Cut(q.Canonical(), "&")
			if got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

func TestSelect(t *testing.T) {
	for _, c := range []struct {
		name, query string
		want        []int
		context     string
	}{
		{"all", "", []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}, "#invoices"},
		{"star", "$select=*", []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}, "#invoices"},
		{"one", "$select=amount", []int{colAmount}, "#invoices(amount)"},
		{"in the set's order", "$select=amount,%20key", []int{colKey, colAmount}, "#invoices(key,amount)"},
		{"twice", "$select=key,key", []int{colKey}, "#invoices(key)"},
		{"star and one", "$select=*,key", []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}, "#invoices"},
		{"masked and unfilterable", "$select=email,notes", []int{colEmail, colNotes}, "#invoices(email,notes)"},
	} {
		t.Run("case="+c.name, func(t *testing.T) {
			q := parse(t, "invoices", c.query)
			if diff := cmp.Diff(c.want, q.Select); diff != "" {
				t.Error(diff)
			}
			if got, want := q.Context(base), base+"/$metadata"+c.context; got != want {
				t.Errorf("got %s, want %s", got, want)
			}
			if got, want := parse(t, "invoices('x')", c.query).Context(base), base+"/$metadata"+c.context+"/$entity"; got != want {
				t.Errorf("got %s, want %s", got, want)
			}
		})
	}
	if got := parse(t, "", "").Context(base); got != base+"/$metadata" {
		t.Errorf("the service document's context is %s", got)
	}
}

func TestRefusals(t *testing.T) {
	for _, c := range []struct {
		name, path, query string
		status            int
		message           string
	}{
		{"unknown set", "orders", "", 404, `there is no entity set "orders"; the service document lists them`},
		{"set in another case", "Invoices", "", 404, `there is no entity set "Invoices"; the service document lists them`},
		{"resource behind metadata", "$metadata/x", "", 404, "there is no such resource; the service document lists the entity sets"},
		{"resource behind count", "invoices/$count/x", "", 404, "there is no such resource; the service document lists the entity sets"},
		{"key as segment", "invoices/a1", "", 404, "there is no such resource; the service document lists the entity sets"},
		{"broken encoding", "invoices('%2')", "", 400, "the path has a broken percent-encoding"},
		{"number as key", "invoices(1)", "", 400, "the key of invoices is a text in single quotes, with ' doubled and / written %2F"},
		{"slash in a key", "invoices('a/b')", "", 400, "the key has no closing quote; / in it is written %2F"},
		{"another key", "invoices(id='a')", "", 400, `the key of invoices is not called "id"`},
		{"two keys", "invoices(key='a',city='b')", "", 400, "invoices has one key column"},
		{"key not closed", "invoices('a'", "", 400, "expected ) and the end behind the key"},
		{"property", "invoices('a')/amount", "", 501, "the address of one property is not supported"},
		{"denied property is the same", "invoices('a')/secret", "", 501, "the address of one property is not supported"},
		{"value", "invoices('a')/$value", "", 501, "/$value is not supported"},
		{"ref", "invoices/$ref", "", 501, "/$ref is not supported"},
		{"filter segment", "invoices/$filter(x)", "", 501, "/$filter is not supported"},
		{"crossjoin", "$crossjoin(invoices)", "", 501, "$crossjoin is not supported"},
		{"entity", "$entity", "$id=x", 501, "$entity is not supported"},

		{"expand", "invoices", "$expand=customer", 501, "the query option $expand is not supported"},
		{"search", "invoices", "$search=x", 501, "the query option $search is not supported"},
		{"apply", "invoices", "$apply=aggregate(x)", 501, "the query option $apply is not supported"},
		{"compute", "invoices", "$compute=x", 501, "the query option $compute is not supported"},
		{"levels", "invoices", "$levels=1", 501, "the query option $levels is not supported"},
		{"deltatoken", "invoices", "$deltatoken=1", 501, "the query option $deltatoken is not supported"},
		{"alias", "invoices", "@p=1", 501, "a parameter alias is not supported"},
		{"option of OData 3", "invoices", "$inlinecount=allpages", 400, "$inlinecount is not OData 4; write $count=true"},
		{"option without $", "invoices", "filter=x", 400, `there is no query option "filter", did you mean $filter?`},
		{"option in another case", "invoices", "$Filter=x", 400, `there is no query option "$Filter", did you mean $filter?`},
		{"misspelt option", "invoices", "$fitler=x", 400, `there is no query option "$fitler", did you mean $filter?`},
		{"custom option", "invoices", "debug=1", 400, `there is no query option "debug"`},
		{"token in the wrong place", "invoices", "trm_live_0123456789012345678901234567890123456789=", 400, "there is no query option this name"},
		{"api_key in another case", "invoices", "API_KEY=sesame", 400, `there is no query option "API_KEY"`},
		{"without a value", "invoices", "$top", 400, "$top: there is no = and no value"},
		{"twice", "invoices", "$top=1&$top=2", 400, "$top: the option is there twice with different values"},
		{"api_key twice", "invoices", "api_key=1&api_key=2", 400, "api_key: the option is there twice with different values"},
		{"broken value", "invoices", "$top=%zz", 400, "$top: the value has a broken percent-encoding or is not UTF-8"},
		{"value not UTF-8", "invoices", "$filter=%ff", 400, "$filter: the value has a broken percent-encoding or is not UTF-8"},
		{"filter of one row", "invoices('a')", "$filter=lines eq 1", 400, "$filter: the option has no meaning for one row"},
		{"top of a count", "invoices/$count", "$top=1", 400, "$top: the option has no meaning for /$count"},
		{"top of metadata", "$metadata", "$top=1", 400, "$top: the option has no meaning for $metadata"},

		{"negative top", "invoices", "$top=-1", 400, "$top: expected a whole number, not negative"},
		{"top of words", "invoices", "$top=ten", 400, "$top: expected a whole number, not negative"},
		{"empty top", "invoices", "$top=", 400, "$top: expected a whole number, not negative"},
		{"top beyond the limit", "invoices", "$top=100000001", 400, "$top: the number is beyond the limit of 100000000"},
		{"top beyond int64", "invoices", "$top=99999999999999999999", 400, "$top: the number is beyond the limit of 100000000"},
		{"skip beyond the limit", "invoices", "$skip=10000001", 400, "$skip: the number is beyond the limit of 10000000"},
		{"count of words", "invoices", "$count=yes", 400, "$count: expected true or false"},
		{"empty token", "invoices", "$skiptoken=", 400, "$skiptoken: this is not the token of a page of this question; begin again without it"},
		{"atom", "invoices", "$format=atom", 406, "the answer is application/json only, with odata.metadata none, minimal or full"},
		{"xml rows", "invoices", "$format=xml", 406, "the answer is application/json only, with odata.metadata none, minimal or full"},
		{"json metadata", "$metadata", "$format=json", 406, "$metadata is application/xml only"},
		{"unknown parameter", "invoices", "$format=application/json;x=1", 406, "the answer is application/json only, with odata.metadata none, minimal or full"},

		{"unknown column", "invoices", "$select=key,amuont", 400, `$select: invoices has no column "amuont", did you mean amount? (at position 5)`},
		{"column in another case", "invoices", "$select=Amount", 400, `$select: invoices has no column "Amount", did you mean amount? (at position 1)`},
		{"nothing near", "invoices", "$select=zzz", 400, `$select: invoices has no column "zzz" (at position 1)`},
		{"empty select", "invoices", "$select=", 400, "$select: expected a column or *, found the end (at position 1)"},
		{"select path", "invoices", "$select=customer/name", 501, "$select: a path in $select is not supported (at position 1)"},
		{"select a count", "invoices", "$select=orders/$count", 501, "/$count in $select is not supported"},
		{"select behind a cast", "invoices", "$select=Trama.invoices_row/city", 501, "a type cast is not supported"},
		{"order by it", "invoices", "$orderby=$it", 501, "$orderby: $it in $orderby is not supported (at position 1)"},
		{"order by something with $", "invoices", "$orderby=$nothing", 400, "$orderby: expected a column"},
		{"order by an alias", "invoices", "$orderby=@p", 501, "a parameter alias is not supported"},
		{"order by a path", "invoices", "$orderby=customer/name", 501, "a path in $orderby is not supported"},
		{"order by a count", "invoices", "$orderby=orders/$count", 501, "/$count in $orderby is not supported"},
		{"order by a sum", "invoices", "$orderby=lines add 1", 501, "an expression in $orderby is not supported"},
		{"root", "$root/invoices", "", 501, "$root is not supported"},
		{"cast", "invoices/Trama.invoices_row", "", 501, "a type cast is not supported"},
		{"cast of a row", "invoices('a')/Trama.invoices_row/city", "", 501, "a type cast is not supported"},
		{"cast to nothing", "invoices/Trama.nothing", "", 404, "there is no such resource"},
		{"resource behind a count's slash", "invoices/$count//", "", 404, "there is no such resource"},
		{"select column path", "invoices", "$select=city/name", 501, "a path in $select"},
		{"select two words", "invoices", "$select=key amount", 400, `$select: expected , or the end, found "amount" (at position 5)`},
		{"order expression", "invoices", "$orderby=tolower(city)", 501, "an expression in $orderby"},
		{"order twice", "invoices", "$orderby=city,city desc", 400, `$orderby: "city" is there twice (at position 6)`},
		{"order direction", "invoices", "$orderby=city DESC", 400, `$orderby: expected asc, desc, a comma or the end, found "DESC" (at position 6)`},
		{"order by masked", "invoices", "$orderby=email", 400, `$orderby: "email" is masked and cannot be ordered by (at position 1)`},
		{"order by unsortable", "invoices", "$orderby=notes", 400, `$orderby: invoices has no column "notes" that it can be ordered by (at position 1)`},
		{"order by unknown is the same", "invoices", "$orderby=secre", 400, `$orderby: invoices has no column "secre" that it can be ordered by (at position 1)`},
	} {
		t.Run("case="+c.name, func(t *testing.T) {
			e := refused(t, c.path, c.query, odata.Limits{})
			if e.Status() != c.status || !strings.Contains(e.Error(), c.message) {
				t.Errorf("got  %d %s\nwant %d %s", e.Status(), e, c.status, c.message)
			}
			if c.status == 501 && (e.Kind != odata.KindNotSupported || e.Feature == "") {
				t.Errorf("kind %v of feature %q", e.Kind, e.Feature)
			}
			if odata.Status(e) != c.status {
				t.Errorf("Status is %d", odata.Status(e))
			}
			if code := schema.CodeOf(e); code == schema.Internal || code == "" {
				t.Errorf("code is %q", code)
			}
		})
	}
}

func TestLimits(t *testing.T) {
	small := odata.Limits{QueryBytes: 3000, FilterBytes: 100, Depth: 5, Nodes: 6, InList: 3, OrderBy: 2, Top: 10, Skip: 10}
	for _, c := range []struct {
		name, query string
		status      int
		message     string
	}{
		{"link", "$select=" + strings.Repeat("city,%20", 150) + "city", 414, "a link to a further page would have a query string of more than 3000 bytes, the most that is read"},
		{"query", strings.Repeat("&", 3001), 414, "the query string has 3001 bytes, at most 3000 are read"},
		{"filter", "$filter=" + strings.Repeat(" ", 101), 414, "$filter: it has 101 bytes, at most 100 are read"},
		{"parentheses", "$filter=((((((lines eq 1))))))", 400, "$filter: more than 5 levels within each other (at position 6)"},
		{"nots", "$filter=not not not not not not isDeleted", 400, "$filter: more than 5 levels within each other (at position 21)"},
		{"calls", "$filter=trim(trim(trim(trim(trim(trim(city)))))) eq 'a'", 400, "more than 5 levels"},
		{"comparisons", "$filter=isDeleted" + strings.Repeat(" eq true", 8), 400, "$filter: more than"},
		{"nodes", "$filter=lines eq 1 or lines eq 2 or lines eq 3", 400, "$filter: more than 6 operators and operands"},
		{"list", "$filter=lines in (1,2,3,4)", 400, "$filter: more than 3 members in one list (at position 17)"},
		{"order", "$orderby=lines,city,amount", 400, "$orderby: more than 2 items (at position 12)"},
		{"top", "$top=11", 400, "$top: the number is beyond the limit of 10"},
		{"skip", "$skip=11", 400, "$skip: the number is beyond the limit of 10"},
	} {
		t.Run("case="+c.name, func(t *testing.T) {
			e := refused(t, "invoices", c.query, small)
			if e.Status() != c.status || !strings.Contains(e.Error(), c.message) {
				t.Errorf("got  %d %s\nwant %d %s", e.Status(), e, c.status, c.message)
			}
		})
	}
	t.Run("case=path", func(t *testing.T) {
		if e := refused(t, "invoices('"+strings.Repeat("x", 9000)+"')", "", small); e.Status() != 414 {
			t.Error(e)
		}
	})
}

// Nothing that comes back from a question holds the credential, in whatever
// spelling it came.
func TestAPIKeyIsKeptOut(t *testing.T) {
	const secret = "trm_live_abc_sesame"
	for _, query := range []string{
		"api_key=" + secret + "&$top=5", "$top=5&%61pi%5Fkey=" + secret, "+api_key=" + secret + "&$top=5",
	} {
		q := parse(t, "invoices", query)
		next, err := q.Next(base, odata.Position{Values: []schema.Value{schema.String("k")}, Given: 5, Count: -1}, newSealer(t))
		if err != nil {
			t.Fatal(err)
		}
		for _, text := range []string{next, q.Canonical(), q.Context(base), q.Filter.String()} {
			if strings.Contains(text, "sesame") || strings.Contains(text, "api_key") {
				t.Errorf("%s: %s", query, text)
			}
		}
		if !strings.HasPrefix(next, base+"/invoices?$top=5&$skiptoken=") {
			t.Error(next)
		}
	}
	for _, query := range []string{"api_key=" + secret + "&$top=x", "$filter=city eq '" + secret + "' x", "API_KEY=" + secret, "$filter=" + url.QueryEscape(secret+strings.Repeat("x", 40))} {
		if e := refused(t, "invoices", query, odata.Limits{}); strings.Contains(e.Error(), "sesame") {
			t.Errorf("%s: %s", query, e)
		}
	}
}

func TestIsQuery(t *testing.T) {
	for path, want := range map[string]bool{
		"/invoices/$query": true, "/invoices/%24query/": true, "/invoices('a')/$query": true, "/$query": false, "$query": false, "": false, "/invoices": false, "/invoices/$queries": false, "/invoices/%zz": false,
	} {
		if got := odata.IsQuery(path); got != want {
			t.Errorf("%q: got %v", path, got)
		}
	}
}

func TestNoOptions(t *testing.T) {
	for query, status := range map[string]int{"": 200, "api_key=x": 200, "$filter=x": 400, "$expand=x": 501, "x=1": 400, strings.Repeat("&", 400_001): 414} {
		if err := odata.NoOptions(query, "$batch", odata.Limits{}); err == nil != (status == 200) || err != nil && odata.Status(err) != status {
			t.Errorf("%.20s: %v", query, err)
		}
	}
	if diff := cmp.Diff([]string{"a b", "c"}, odata.APIKeys("$top=1&api_key=a%20b&%61pi_key=c&api_key=%zz&API_KEY=d&api_key")); diff != "" {
		t.Error(diff)
	}
}
