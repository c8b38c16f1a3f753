package sandbox

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/trama-graph/trama/datasources/sandbox/creatio"
	"github.com/trama-graph/trama/datasources/sandbox/ecolix"
	"github.com/trama-graph/trama/datasources/sandbox/faults"
	"github.com/trama-graph/trama/datasources/sandbox/onec"
	"github.com/trama-graph/trama/datasources/sandbox/operand"
	"github.com/trama-graph/trama/datasources/sandbox/otrs"
	"github.com/trama-graph/trama/datasources/sandbox/world"
)

// DefaultCustomers is the size of the world if nothing is said.
const DefaultCustomers = 500

// Options set up a sandbox. The zero Options are a world of DefaultCustomers on 127.0.0.1 without latency.
type Options struct {
	Customers int           // 0 means DefaultCustomers
	Seed      uint64        // 0 means 1
	Latency   time.Duration // added to every answer of every system
	Listen    string        // a loopback host; "" means 127.0.0.1. Anything that is not loopback is refused

	OTRS    otrs.Options    // the help desk's variant and switches
	Creatio creatio.Options // the CRM's
	OneC    onec.Options    // the books'; its zero value is an accounting base, which has no orders: Configuration UNF or Trade has
	Operand operand.Options // the agency's
	Ecolix  ecolix.Options  // the ERP's
}

// Source is one fake system that is listening.
type Source struct {
	Name     string // helpdesk, crm, books, agency or erp: the name it has in the demo's config
	Kind     string // otrs, creatio, onec, operand or ecolix: the connector that speaks to it
	URL      string // what the connector's setting url wants, path included
	User     string
	Password string         // or the token of the agency, the key of the ERP
	Zone     *time.Location // of the system's wall clock, where its protocol has one
	Faults   *faults.Switch // latency, faults and call counts of this system

	address string
	handler http.Handler
	running sync.WaitGroup

	mu     sync.Mutex // guards server and closed
	server *http.Server
	closed bool
}

// Sandbox is a running world.
type Sandbox struct {
	World   *world.World
	Sources []*Source
	OTRS    *otrs.Server    // the help desk's own switches: ExpireSessions, Touch, Delete
	Creatio *creatio.Server // the CRM's own switch: ExpireSessions
	Operand *operand.Server // the agency's: ExpireSessions, ReplaceToken, SwitchOff and others
	Ecolix  *ecolix.Server  // the ERP: what was imported, calls by package
}

// system is a fake before it is listening.
type system struct {
	name, kind     string
	handler        http.Handler
	path           string // appended to the address to give the URL
	user, password string
	zone           *time.Location
	faults         faults.Options
}

// systems is the list of the fakes: a new one is one entry.
func (s *Sandbox) systems(opts Options) []system {
	desk, crm, books := opts.OTRS, opts.Creatio, opts.OneC
	desk.User, desk.Password = cmp.Or(desk.User, otrs.DefaultUser), cmp.Or(desk.Password, otrs.DefaultPassword)
	crm.User, crm.Password = cmp.Or(crm.User, creatio.DefaultUser), cmp.Or(crm.Password, creatio.DefaultPassword)
	books.User, books.Password = cmp.Or(books.User, onec.DefaultUser), cmp.Or(books.Password, onec.DefaultPassword)
	if desk.Zone == nil {
		desk.Zone = time.UTC
	}
	if books.Zone == nil {
		books.Zone = zone("Europe/Chisinau", 2)
	}
	agency, erp := opts.Operand, opts.Ecolix
	agency.Token, erp.Key = cmp.Or(agency.Token, operand.DefaultToken), cmp.Or(erp.Key, ecolix.DefaultKey)
	if erp.Zone == nil {
		erp.Zone = zone("Europe/Paris", 1)
	}
	s.OTRS, s.Creatio = otrs.New(s.World, desk), creatio.New(s.World, crm)
	s.Operand, s.Ecolix = operand.New(s.World, agency), ecolix.New(s.World, erp)
	return []system{
		{
			name: "helpdesk", kind: "otrs", handler: s.OTRS, path: s.OTRS.BasePath(), user: desk.User, password: desk.Password, zone: desk.Zone,
			faults: faults.Options{Route: otrs.Route, ErrorBody: otrs.ErrorBody, ContentType: "application/json; charset=UTF-8"},
		},
		{
			name: "crm", kind: "creatio", handler: s.Creatio, user: crm.User, password: crm.Password, zone: time.UTC,
			faults: faults.Options{Route: odataRoute, ErrorBody: errorBody(`{"error":{"code":"","message":"An error has occurred."}}`), ContentType: "application/json; odata.metadata=minimal"},
		},
		{
			name: "books", kind: "onec", handler: onec.New(s.World, books), path: onec.Base, user: books.User, password: books.Password, zone: books.Zone,
			faults: faults.Options{
				Route: odataRoute, ErrorBody: errorBody(`{"odata.error":{"code":"-1","message":{"lang":"ru","value":"Внутренняя ошибка"}}}`),
				ContentType: "application/json;odata=nometadata;charset=utf-8",
			},
		},
		{
			name: "agency", kind: "operand", handler: s.Operand, password: agency.Token, zone: operand.Zone(),
			faults: faults.Options{Route: s.Operand.Route, ErrorBody: operand.ErrorBody, ContentType: "application/json"},
		},
		{
			name: "erp", kind: "ecolix", handler: s.Ecolix, path: ecolix.Base, user: ecolix.DefaultUser, password: erp.Key, zone: erp.Zone,
			faults: faults.Options{Route: ecolix.Route, ErrorBody: ecolix.ErrorBody, ContentType: "application/json"},
		},
	}
}

// zone is the wall clock of a system; hours are those of its winter, where this system has no zone database.
func zone(name string, hours int) *time.Location {
	zone, err := time.LoadLocation(name)
	if err != nil {
		return time.FixedZone(name, hours*60*60)
	}
	return zone
}

func errorBody(body string) func(*http.Request) (string, []byte) {
	return func(*http.Request) (string, []byte) { return "application/json", []byte(body) }
}

// odataRoute names a request by method and entity set, without keys: few names whatever is asked.
func odataRoute(r *http.Request) string {
	path := r.URL.Path
	for _, base := range []string{"/standard.odata/", "/odata/", "/EntityDataService.svc/"} {
		if _, below, ok := strings.Cut(path, base); ok {
			set, rest, _ := strings.Cut(below, "/")
			set, _, _ = strings.Cut(set, "(")
			if rest == "$count" {
				set += "/$count"
			}
			return r.Method + " " + set
		}
	}
	return r.Method + " " + path[strings.LastIndexByte(path, '/')+1:]
}

// Start builds the world and starts one loopback listener per system. The sandbox ends with ctx or Close, whichever comes first.
func Start(ctx context.Context, opts Options) (*Sandbox, error) {
	if opts.Customers == 0 {
		opts.Customers = DefaultCustomers
	}
	if opts.Seed == 0 {
		opts.Seed = 1
	}
	host, err := loopback(opts.Listen)
	if err != nil {
		return nil, err
	}
	s := &Sandbox{World: world.New(opts.Seed, opts.Customers)}
	for _, sys := range s.systems(opts) {
		sys.faults.Latency = opts.Latency
		source := &Source{
			Name: sys.name, Kind: sys.kind, User: sys.user, Password: sys.password, Zone: sys.zone,
			Faults: faults.New(sys.faults), address: net.JoinHostPort(host, "0"),
		}
		source.handler = source.Faults.Wrap(sys.handler)
		if err := source.Up(ctx); err != nil {
			return nil, errors.Join(err, s.Close())
		}
		source.URL = "http://" + source.address + sys.path
		s.Sources = append(s.Sources, source)
	}
	context.AfterFunc(ctx, func() { _ = s.Close() })
	return s, nil
}

// Source returns the system of a name, nil if there is none.
func (s *Sandbox) Source(name string) *Source {
	for _, source := range s.Sources {
		if source.Name == name {
			return source
		}
	}
	return nil
}

// Close stops all systems at once, hanging requests included, and waits for their listeners. It may be called more than once.
func (s *Sandbox) Close() error {
	var errs []error
	for _, source := range s.Sources {
		source.Faults.Close()
		errs = append(errs, source.stop(true))
	}
	return errors.Join(errs...)
}

// Down closes the system's listener and connections: from now on a connection is refused, which no fault of the switch can do.
func (s *Source) Down() error { return s.stop(false) }

func (s *Source) stop(forGood bool) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	server := s.server
	s.server, s.closed = nil, s.closed || forGood
	var err error
	if server != nil {
		err = server.Close()
	}
	s.running.Wait()
	return err
}

// Up listens again, at the address it had before Down. A system that is up stays so; that of a closed sandbox cannot come up.
func (s *Source) Up(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.closed:
		return fmt.Errorf("sandbox: %s is closed", s.Name)
	case s.server != nil:
		return nil
	}
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp", s.address)
	if err != nil {
		return fmt.Errorf("listen for %s: %w", s.Name, err)
	}
	server := &http.Server{
		Handler:           s.handler,
		ReadHeaderTimeout: 10 * time.Second,
		ErrorLog:          slog.NewLogLogger(slog.DiscardHandler, slog.LevelError), // dropped connections are meant
	}
	s.address, s.server = listener.Addr().String(), server
	s.running.Go(func() { _ = server.Serve(listener) })
	return nil
}

// loopback refuses every host that is not this machine's own: the fakes have well-known passwords.
func loopback(host string) (string, error) {
	if host == "" {
		return "127.0.0.1", nil
	}
	if ip := net.ParseIP(host); host == "localhost" || ip != nil && ip.IsLoopback() {
		return host, nil
	}
	return "", fmt.Errorf("sandbox: %q is not a loopback host", host)
}
