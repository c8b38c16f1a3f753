package otrs

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/datasources/internal/wire"
)

// client speaks the protocol: login, search, get. It knows nothing of queries.
type client struct {
	name    string
	cfg     Config
	base    string // path of the web service's address
	zone    *time.Location
	wire    *wire.Client
	session *wire.Session[string] // nil unless auth is session
	probed  *wire.Session[*abilities]
	links   datasources.LinkRules // of Ticket.order
	fields  []string              // the dynamic fields links reads
	now     func() time.Time
	log     *slog.Logger

	skew  atomic.Int64 // the server's clock minus ours, in nanoseconds
	names nameCache

	mu          sync.Mutex // guards the rest
	findings    []datasources.Finding
	following   datasources.Finding
	followingOf *abilities // what following was found with
}

func newClient(cfg Config, deps Deps) (*client, error) {
	base, err := cfg.base()
	if err != nil {
		return nil, err
	}
	c := &client{name: cfg.Name, cfg: cfg, base: base.EscapedPath(), zone: cfg.zone(), links: deps.Links[linkOrder], now: deps.Now, log: deps.Log}
	if c.now == nil {
		c.now = time.Now
	}
	if c.log == nil {
		c.log = slog.New(slog.DiscardHandler)
	}
	if c.fields, err = fieldNames(c.links); err != nil {
		return nil, err
	}
	c.wire, err = wire.New(wire.Config{
		Source: cfg.Name, Base: base, Timeout: cfg.Timeout, Concurrency: cfg.Concurrency,
		PerMinute: cfg.Rate.PerMinute, Burst: cfg.Rate.Burst,
		Transport: deps.Transport, Log: deps.Log, Observe: deps.Observe, Now: deps.Now,
	})
	if err != nil {
		return nil, err
	}
	if cfg.Auth == authSession {
		c.session = wire.NewSession(c.login)
		c.session.Source = cfg.Name
	}
	c.probed = wire.NewSession(c.explore)
	c.probed.Source = cfg.Name
	return c, nil
}

// login makes a session (#1). It is bound to the address we call from.
func (c *client) login(ctx context.Context) (string, error) {
	r := request{op: opSession, method: http.MethodPost, path: c.cfg.Routes.Session, params: params{
		paramUser: c.cfg.User, paramPassword: c.cfg.Password,
	}}
	var session string
	err := c.send(ctx, r, nil, func(body []byte) (err error) {
		session, err = decodeSession(body)
		return err
	})
	return session, err
}

// do makes a call as the configured user. An AuthFail, which an expired, a
// foreign and a destroyed session have in common, is followed by one new login
// and one repetition.
func (c *client) do(ctx context.Context, r request, decode func(body []byte) error) error {
	switch c.cfg.Auth {
	case authSession:
		return wire.WithSession(ctx, c.session, func(ctx context.Context, session string) error {
			return c.send(ctx, r, params{paramSession: session}, decode)
		})
	case authHeader:
		r.header = http.Header{
			"X-OTRS-Header-UserLogin": {c.cfg.User},
			"X-OTRS-Header-Password":  {c.cfg.Password},
		}
		return c.send(ctx, r, nil, decode)
	}
	return c.send(ctx, r, params{paramUser: c.cfg.User, paramPassword: c.cfg.Password}, decode)
}

func (c *client) send(ctx context.Context, r request, login params, decode func(body []byte) error) error {
	r.params = r.params.clone()
	maps.Copy(r.params, login)
	call, err := r.call(c.base)
	if err != nil {
		return c.asSource(err)
	}
	call.Decode = func(reply *wire.Reply) error {
		c.noteClock(reply.Header)
		if err := statusVerdict(reply); err != nil {
			return err
		}
		return c.verdict(decode(reply.Body))
	}
	return c.wire.Do(ctx, call)
}

// noteClock remembers how far the server's clock is from ours.
func (c *client) noteClock(h http.Header) {
	if at, err := http.ParseTime(h.Get("Date")); err == nil {
		c.skew.Store(int64(at.Sub(c.now())))
	}
}

// serverNow is the server's clock as far as its replies told.
func (c *client) serverNow() time.Time { return c.now().Add(time.Duration(c.skew.Load())) }

// search asks for the ids of tickets. It never sends an empty filter.
func (c *client) search(ctx context.Context, ab *abilities, p params) ([]string, error) {
	r := request{op: opSearch, method: ab.search.method, path: ab.search.path, params: p}
	if c.cfg.Archived && p[paramArchive] == nil {
		r.params = p.clone()
		r.params[paramArchive] = allTickets
	}
	var ids []string
	err := c.do(ctx, r, func(body []byte) (err error) {
		ids, err = decodeSearch(body)
		return err
	})
	return ids, err
}

// find is search for filters by name: an unknown name among several empties the
// whole answer, so then the names are asked one by one, and those with tickets
// together again.
func (c *client) find(ctx context.Context, ab *abilities, p params) ([]string, error) {
	ids, err := c.search(ctx, ab, p)
	if err != nil || len(ids) > 0 {
		return ids, err
	}
	again, dropped := p.clone(), false
	for _, name := range lookups {
		list, _ := p[name].([]string)
		if len(list) < 2 {
			continue
		}
		known, err := c.knownNames(ctx, ab, name, list)
		if err != nil {
			return nil, err
		}
		if !again.set(name, known...) {
			return nil, nil
		}
		dropped = dropped || len(known) < len(list)
	}
	if !dropped {
		return nil, nil
	}
	return c.search(ctx, ab, again)
}

func (c *client) knownNames(ctx context.Context, ab *abilities, param string, list []string) ([]string, error) {
	var known []string
	for _, name := range list {
		ok := c.names.has(param, name, c.now())
		if !ok {
			ids, err := c.search(ctx, ab, params{param: []string{name}, paramLimit: 1})
			if err != nil {
				return nil, err
			}
			if ok = len(ids) > 0; ok {
				c.names.add(param, name, c.now())
			}
		}
		if ok {
			known = append(known, name)
		}
	}
	return known, nil
}

// nameCache remembers names of states, queues, priorities and types that exist.
type nameCache struct {
	mu    sync.Mutex // guards until
	until map[[2]string]time.Time
}

const (
	nameLife = 10 * time.Minute
	maxNames = 4096
)

func (n *nameCache) has(param, name string, now time.Time) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.until[[2]string{param, name}].After(now)
}

func (n *nameCache) add(param, name string, now time.Time) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.until == nil || len(n.until) >= maxNames {
		n.until = map[[2]string]time.Time{}
	}
	n.until[[2]string{param, name}] = now.Add(nameLife)
}

// want is what TicketGet shall bring.
type want struct {
	dynamic  bool // dynamic fields
	extended bool // the closing time
	articles bool
}

// getAll gets tickets in batches side by side, and converts them. Ids that cannot
// be read are left out; the others keep their order.
func getAll[T any](ctx context.Context, c *client, ab *abilities, ids []string, w want, convert func(*ticketObject) (T, error)) ([]T, error) {
	size := c.cfg.Batch
	if w.articles {
		size = c.cfg.ArticleBatch
	}
	chunks := slices.Collect(slices.Chunk(ids, size))
	found := make([][]T, len(chunks))
	errs := make([]error, len(chunks))
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var wait sync.WaitGroup
	for i, chunk := range chunks {
		wait.Go(func() {
			found[i], errs[i] = getBatch(ctx, c, ab, chunk, w, convert, maxSurvivals)
			if errs[i] != nil {
				cancel()
			}
		})
	}
	wait.Wait()
	for _, err := range errs {
		// The others were cancelled because of one.
		if err != nil && !errors.Is(err, context.Canceled) {
			return nil, err
		}
	}
	for _, err := range errs {
		if err != nil {
			return nil, err
		}
	}
	return slices.Concat(found...), nil
}

// maxSurvivals is how often a batch is reduced to what a search found readable,
// before it is halved: tickets may be deleted in between.
const maxSurvivals = 2

// getBatch gets one batch. When one of its tickets may not be read the server
// refuses them all and does not say which: then a search tells which of them are
// there and permitted (#146), and these are asked for alone. A server that cannot
// search by id is asked in halves.
func getBatch[T any](ctx context.Context, c *client, ab *abilities, ids []string, w want, convert func(*ticketObject) (T, error), survivals int) ([]T, error) {
	rows, err := getOnce(ctx, c, ab, ids, w, convert)
	switch {
	case err == nil:
		return rows, nil
	case isSplittable(err) && len(ids) > 1:
		return getHalves(ctx, c, ab, ids, w, convert, survivals)
	case !isDenied(err):
		return nil, err
	case len(ids) == 1:
		return nil, nil
	case !ab.ticketIDs || survivals == 0:
		return getHalves(ctx, c, ab, ids, w, convert, survivals)
	}
	alive, err := c.survivors(ctx, ab, ids)
	if isSplittable(err) {
		return getHalves(ctx, c, ab, ids, w, convert, survivals)
	}
	if err != nil || len(alive) == 0 {
		return nil, err
	}
	return getBatch(ctx, c, ab, alive, w, convert, survivals-1)
}

func getHalves[T any](ctx context.Context, c *client, ab *abilities, ids []string, w want, convert func(*ticketObject) (T, error), survivals int) ([]T, error) {
	half := len(ids) / 2
	a, err := getBatch(ctx, c, ab, ids[:half], w, convert, survivals)
	if err != nil {
		return nil, err
	}
	b, err := getBatch(ctx, c, ab, ids[half:], w, convert, survivals)
	return append(a, b...), err
}

// survivors returns those of the ids which exist and may be read, in the order
// of ids. Archived tickets are among them.
func (c *client) survivors(ctx context.Context, ab *abilities, ids []string) ([]string, error) {
	p := params{paramLimit: len(ids), paramArchive: allTickets}
	if !p.set(paramTicketID, ids...) {
		return nil, nil
	}
	found, err := c.search(ctx, ab, p)
	if err != nil {
		return nil, err
	}
	for _, f := range found {
		if !slices.Contains(ids, f) {
			return nil, c.foreign()
		}
	}
	return slices.DeleteFunc(slices.Clone(ids), func(i string) bool { return !slices.Contains(found, i) }), nil
}

// getOnce makes one TicketGet. A reply with a ticket nobody asked for is no
// answer at all.
func getOnce[T any](ctx context.Context, c *client, ab *abilities, ids []string, w want, convert func(*ticketObject) (T, error)) ([]T, error) {
	p := params{paramTicketID: idList(ids)}
	for name, on := range map[string]bool{paramDynamicFields: w.dynamic, paramExtended: w.extended, paramArticles: w.articles} {
		if on {
			p[name] = 1
		}
	}
	asked := make(map[string]int, len(ids))
	for i, k := range ids {
		asked[k] = i
	}
	var rows []T
	err := c.do(ctx, request{op: opGet, method: ab.get.method, path: ab.get.path, params: p}, func(body []byte) error {
		objects, err := decodeTickets(body)
		if err != nil {
			return err
		}
		slices.SortStableFunc(objects, func(a, b ticketObject) int { return asked[string(a.TicketID)] - asked[string(b.TicketID)] })
		rows = make([]T, 0, len(objects))
		for i := range objects {
			if _, ok := asked[string(objects[i].TicketID)]; !ok {
				return errForeign
			}
			row, err := convert(&objects[i])
			if err != nil {
				return err
			}
			rows = append(rows, row)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return rows, nil
}
