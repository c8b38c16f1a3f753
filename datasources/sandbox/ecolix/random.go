package ecolix

import "math/rand/v2"

// RandomDialect draws a dialect: the same seed always gives the same one. All switches are drawn but IgnorePaging, and Moments is
// always a style with a time of day, so that every dialect tells the whole truth.
func RandomDialect(seed uint64) Dialect {
	r := rand.New(rand.NewPCG(seed, 0xec011c)) // a demo's draw, nothing secret
	one := func(of ...string) string { return of[r.IntN(len(of))] }
	yes := func() bool { return r.IntN(2) == 0 }
	d := Dialect{
		Envelope: Envelope(r.IntN(int(EnvelopeBare) + 1)), Reads: Reads(r.IntN(2)), Paging: Paging(r.IntN(3)),
		PageParam: one("page", "numPage", "p"), OffsetParam: one("offset", "debut", "skip"), SizeParam: one("limit", "taille", "nb"),
		FirstPage: r.IntN(2), MaxSize: []int{10, 25, 50, 100, 250}[r.IntN(5)], EmptyIs404: yes(),
		Auth: Auth(r.IntN(4)), Decimals: DecimalStyle(r.IntN(int(DecimalNarrow) + 1)), Days: DateStyle(r.IntN(int(DateRFC3339) + 1)),
		Moments: []DateStyle{DateAsShown, DateTimeISO, DateUnix, DateRFC3339}[r.IntN(4)], BlankDates: BlankDate(r.IntN(3)),
		NumericIDs: yes(), DocumentIDs: yes(), ErrorsInBody: yes(), ErrorField: one("error", "message"), NotBought: NotBought(r.IntN(3)),
		SinceParam: one("", "dateModification", "modifieDepuis"), Fields: map[string]string{},
	}
	switch d.Auth {
	case AuthHeader:
		d.AuthName = one("X-API-KEY", "DOLAPIKEY", "X-Ecolix-Key")
	case AuthQuery:
		d.AuthName = one("key", "api_key", "token")
	case AuthBasic:
		d.AuthName = one(DefaultUser, "api")
	}
	for _, f := range Candidates() {
		d.Fields[f.Key()] = one(f.Names...)
	}
	return d
}
