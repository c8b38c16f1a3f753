package otrs

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"time"
	"unicode"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/schema"
)

// abilities are what a probe found. A filter the server does not know is ignored
// by it, so each that this connector sends was tried before with a value nothing
// can have.
type abilities struct {
	search, get route

	customerRaw bool                 // CustomerIDRaw filters
	ticketIDs   bool                 // TicketID filters
	numbers     bool                 // TicketNumber takes a list
	created     bool                 // TicketCreateTimeNewerDate filters
	changed     bool                 // TicketLastChangeTimeNewerDate filters
	fields      map[string]fieldForm // dynamic fields that filter
	letters     atomic.Int32         // a letterCase
	empty       bool                 // no ticket to be seen: nothing could be tried
	at          time.Time
}

// route is how an operation is called.
type route struct{ method, path string }

// fieldForm is how a filter by a dynamic field is written.
type fieldForm int

const (
	fieldIgnored fieldForm = iota
	fieldObject            // DynamicField: {Name, Equals}
	fieldOld               // DynamicField_NAME: {Equals}, OTRS 4 and 5
)

const (
	// nobody is a value no ticket has.
	nobody = "trama-probe-7c41e09b"
	// farAhead is how far in the future the impossible times lie.
	farAhead = 366 * 24 * time.Hour
	// probeLife is for how long a probe of health trusts the last whole one.
	probeLife = 10 * time.Minute
	// maxSkew of clocks is reported beyond this.
	maxSkew = 30 * time.Second
)

// abilities returns what the server can do. The first caller probes it, the
// others wait for that; a failed probe is repeated.
func (c *client) abilities(ctx context.Context) (*abilities, error) {
	ab, gen, err := c.probed.Get(ctx)
	if err != nil {
		return nil, c.asSource(err)
	}
	if ab.empty {
		// The next caller may see a ticket, and must know what filters before.
		c.probed.Drop(gen)
	}
	return ab, nil
}

// doubt has the server probed again before the next use: an administrator may
// have removed a route or a field that was there.
func (c *client) doubt(ab *abilities) {
	// With a context that has ended, Get looks without asking the server.
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	if now, gen, err := c.probed.Get(ended); err == nil && now == ab {
		c.probed.Drop(gen)
	}
}

// explore finds out what the server can do.
func (c *client) explore(ctx context.Context) (*abilities, error) {
	e := &explorer{c: c, ab: &abilities{fields: map[string]fieldForm{}, at: c.now()}}
	err := e.run(ctx)
	c.mu.Lock()
	c.findings = e.findings
	c.mu.Unlock()
	if err != nil {
		return nil, c.asSource(err)
	}
	return e.ab, nil
}

// explorer makes one probe and writes down what it found.
type explorer struct {
	c        *client
	ab       *abilities
	findings []datasources.Finding
}

func (e *explorer) note(level datasources.Level, subject, format string, args ...any) {
	e.findings = append(e.findings, datasources.Finding{Subject: subject, Result: fmt.Sprintf(format, args...), Level: level})
}

func (e *explorer) run(ctx context.Context) error {
	if err := e.login(ctx); err != nil {
		return err
	}
	newest, err := e.findSearch(ctx)
	if err != nil {
		return err
	}
	e.clock()
	if e.ab.empty {
		e.note(datasources.Warn, opSearch, "no ticket to be seen: is the agent allowed to read the queues?")
		return nil
	}
	customer, err := e.findGet(ctx, newest)
	if err != nil {
		return err
	}
	if err := e.filters(ctx); err != nil {
		return err
	}
	for _, name := range e.c.fields {
		if err := e.field(ctx, name); err != nil {
			return err
		}
	}
	return e.letterCase(ctx, customer)
}

func (e *explorer) login(ctx context.Context) error {
	if e.c.session == nil {
		return nil
	}
	if _, _, err := e.c.session.Get(ctx); err != nil {
		e.fail("login", err)
		return err
	}
	e.note(datasources.OK, "login", "ok")
	return nil
}

// fail writes down why a step failed, in our words.
func (e *explorer) fail(subject string, err error) {
	what := err.Error()
	if schema.CodeOf(err) == schema.SourceUnavailable && !errors.Is(err, errLogin) {
		what += "; a wrong name of the web service in url looks the same"
	}
	e.note(datasources.Fail, subject, "%s", what)
}

// findSearch finds the route of TicketSearch, POST before GET, and proves Limit
// and the sort. It returns the newest ticket's id.
func (e *explorer) findSearch(ctx context.Context) (string, error) {
	sorted := params{paramLimit: 1, paramSort: []string{sortCreated, sortNumber}, paramOrder: []string{"Down", "Down"}}
	for _, r := range []route{{http.MethodPost, e.c.cfg.Routes.Search}, {http.MethodGet, e.c.cfg.Routes.SearchGet}} {
		if r.path == noRoute {
			continue
		}
		e.ab.search = r
		ids, err := e.c.search(ctx, e.ab, sorted)
		if isOtherRoute(err, opSearch) {
			e.note(datasources.Warn, opSearch, "no route %s %s", r.method, r.path)
			continue
		}
		if err != nil {
			e.fail(opSearch, err)
			return "", err
		}
		return e.judgeSearch(ctx, ids)
	}
	return "", e.missing(opSearch)
}

func (e *explorer) judgeSearch(ctx context.Context, ids []string) (string, error) {
	if len(ids) > 1 {
		return "", e.refuse(opSearch, "ignores Limit, which it has known since OTRS 3.3.3")
	}
	if len(ids) == 0 {
		plain, err := e.c.search(ctx, e.ab, params{paramLimit: 1})
		if err != nil {
			e.fail(opSearch, err)
			return "", err
		}
		if len(plain) > 0 {
			return "", e.refuse(opSearch, "cannot sort by Age and TicketNumber")
		}
		e.ab.empty = true
		return "", nil
	}
	e.note(datasources.OK, opSearch, "%s %s", e.ab.search.method, e.ab.search.path)
	return ids[0], nil
}

func (e *explorer) missing(op string) error {
	return e.refuse(op, "has no route: the web service needs POST /TicketSearch and POST /TicketGet, or the routes of the stock example")
}

func (e *explorer) refuse(op, why string) error {
	e.note(datasources.Fail, op, "%s", why)
	err := schema.SourceErrorf(schema.SourceUnavailable, e.c.name, "%s: %s %s", e.c.name, op, why)
	err.Retryable = false
	return err
}

// isOtherRoute reports whether a route does not exist, or leads to another
// operation.
func isOtherRoute(err error, op string) bool {
	var r *replyError
	return errors.Is(err, errNoRoute) || errors.As(err, &r) && r.operation() != op && r.reason() != "AuthFail"
}

// findGet finds the route of TicketGet and returns the customer of the ticket.
func (e *explorer) findGet(ctx context.Context, ticket string) (string, error) {
	for _, r := range []route{{http.MethodPost, e.c.cfg.Routes.Get}, {http.MethodGet, e.c.cfg.Routes.GetGet}} {
		if r.path == noRoute {
			continue
		}
		e.ab.get = r
		rows, err := getOnce(ctx, e.c, e.ab, []string{ticket}, want{}, func(t *ticketObject) (string, error) { return string(t.CustomerID), nil })
		switch {
		case isOtherRoute(err, opGet):
			e.note(datasources.Warn, opGet, "no route %s %s", r.method, r.path)
			continue
		case err != nil && !isDenied(err):
			e.fail(opGet, err)
			return "", err
		}
		e.note(datasources.OK, opGet, "%s %s", r.method, r.path)
		if len(rows) == 0 {
			// Deleted between the two calls.
			return "", nil
		}
		return rows[0], nil
	}
	return "", e.missing(opGet)
}

// honours reports whether a filter which nothing can match lets nothing through.
func (e *explorer) honours(ctx context.Context, name string, value any) (bool, error) {
	ids, err := e.c.search(ctx, e.ab, params{name: value, paramLimit: 1})
	if err != nil {
		e.fail(opSearch+" "+name, err)
		return false, err
	}
	return len(ids) == 0, nil
}

func (e *explorer) filters(ctx context.Context) error {
	future := e.c.serverNow().Add(farAhead).In(e.c.zone).Format(timeLayout)
	for _, f := range []struct {
		name   string
		value  any
		result *bool
		absent string
	}{
		{paramCustomerRaw, []string{nobody}, &e.ab.customerRaw, "ignored: customers are asked for by CustomerID, where their keys are plain"},
		{paramTicketID, []string{"0"}, &e.ab.ticketIDs, "ignored: a refused batch is asked in halves"},
		{paramNumber, []string{nobody, nobody + "-2"}, &e.ab.numbers, "ignores lists: numbers are asked for one by one"},
		{createdNewer, future, &e.ab.created, "ignored: creation times are checked here"},
		{changedNewer, future, &e.ab.changed, "ignored: changes cannot be followed"},
	} {
		ok, err := e.honours(ctx, f.name, f.value)
		if err != nil {
			return err
		}
		*f.result = ok
		if ok {
			e.note(datasources.OK, opSearch+" "+f.name, "ok")
		} else {
			e.note(datasources.Warn, opSearch+" "+f.name, "%s", f.absent)
		}
	}
	return nil
}

// field tries the forms of a filter by a dynamic field. One that does not exist
// is ignored like any other filter (#57).
func (e *explorer) field(ctx context.Context, name string) error {
	subject := opSearch + " " + paramField + " " + name
	if e.ab.search.method == http.MethodGet {
		e.note(datasources.Warn, subject, "needs the POST route: orders are not joined to tickets")
		return nil
	}
	for _, form := range []fieldForm{fieldObject, fieldOld} {
		ok, err := e.honours(ctx, paramField, fieldFilter{name: name, equals: []string{nobody}, old: form == fieldOld})
		if err != nil {
			return err
		}
		if ok {
			e.ab.fields[name] = form
			e.note(datasources.OK, subject, "ok")
			return nil
		}
	}
	e.note(datasources.Fail, subject, "ignored: is there a dynamic field of that name, and is it valid?")
	return nil
}

// letterCase is what is known of how the database compares texts.
type letterCase int32

const (
	caseUnknown letterCase = iota
	caseExact              // "a" is not "A"
	caseLoose              // it may find more than was asked for
)

// learnCase finds out whether the database tells letter case, with the key of a
// customer that has tickets: when the same key in other letters finds none, it
// does.
func (c *client) learnCase(ctx context.Context, ab *abilities, customer string) error {
	other := strings.Map(func(r rune) rune {
		if unicode.IsUpper(r) {
			return unicode.ToLower(r)
		}
		return unicode.ToUpper(r)
	}, customer)
	if !ab.customerRaw || other == customer || isWildcard(other) {
		return nil
	}
	ids, err := c.search(ctx, ab, params{paramCustomerRaw: []string{other}, paramLimit: 1})
	if err != nil {
		return err
	}
	if len(ids) == 0 {
		ab.letters.Store(int32(caseExact))
		return nil
	}
	found, err := getOnce(ctx, c, ab, ids, want{}, func(t *ticketObject) (string, error) { return string(t.CustomerID), nil })
	switch {
	case isDenied(err):
	case err != nil:
		return err
	case len(found) == 1 && found[0] != other:
		ab.letters.Store(int32(caseLoose))
	}
	// There is a customer of just that key: another one may tell.
	return nil
}

func (e *explorer) letterCase(ctx context.Context, customer string) error {
	if err := e.c.learnCase(ctx, e.ab, customer); err != nil {
		e.fail("letter case", err)
		return err
	}
	switch letterCase(e.ab.letters.Load()) {
	case caseExact:
		e.note(datasources.OK, "letter case", "told apart")
	case caseLoose:
		e.note(datasources.OK, "letter case", "not told apart: some totals are not given")
	}
	return nil
}

func (e *explorer) clock() {
	if skew := time.Duration(e.c.skew.Load()); skew.Abs() > maxSkew {
		e.note(datasources.Warn, "clock", "the server's differs from ours by %s", skew.Round(time.Second))
	}
}

// probe answers Source.Probe. Within a while after a whole probe it only asks
// whether the server still answers.
func (c *client) probe(ctx context.Context) ([]datasources.Finding, error) {
	begun := c.now()
	ab, gen, err := c.probed.Get(ctx)
	switch {
	case err != nil || ab.empty || !ab.at.Before(begun):
	case begun.Sub(ab.at) > probeLife:
		c.probed.Drop(gen)
		ab, _, err = c.probed.Get(ctx)
	default:
		_, err = c.search(ctx, ab, params{paramLimit: 1})
	}
	c.mu.Lock()
	found, known, following := slices.Clone(c.findings), c.followingOf == ab, c.following
	c.mu.Unlock()
	if err != nil || ab.empty {
		return found, c.asSource(err)
	}
	if !known {
		if following, err = c.probeFollowing(ctx, ab); err == nil {
			c.mu.Lock()
			c.following, c.followingOf = following, ab
			c.mu.Unlock()
		}
	}
	return append(found, following), c.asSource(err)
}
