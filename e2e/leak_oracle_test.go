package e2e

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/ory/ladon"

	"github.com/trama-graph/trama/e2e/canary"
)

// claimed is the condition EqualsClaimCondition as plain Ladon would have it. A deny
// whose claim is missing applies; an allow does not.
type claimed struct {
	Claim string `json:"claim"`
	deny  bool
}

func (c *claimed) GetName() string { return "EqualsClaimCondition" }

func (c *claimed) Fulfills(_ context.Context, value any, r *ladon.Request) bool {
	claim, ok := r.Context["claim."+c.Claim]
	if !ok {
		return c.deny
	}
	return claim == value
}

// among is the condition StringInCondition as plain Ladon would have it.
type among struct {
	Values []string `json:"values"`
}

func (c *among) GetName() string { return "StringInCondition" }

func (c *among) Fulfills(_ context.Context, value any, _ *ladon.Request) bool {
	s, ok := value.(string)
	return ok && slices.Contains(c.Values, s)
}

// closed is a condition on a claim in a deny: where the claim is missing it holds.
type closed struct{ ladon.Condition }

func (c closed) Fulfills(ctx context.Context, value any, r *ladon.Request) bool {
	return value == nil || c.Condition.Fulfills(ctx, value, r)
}

// oracle decides with plain Ladon over the documents' JSON, value by value. It
// shares nothing with the compiler.
type oracle struct {
	sdl    *sdl
	world  *canary.World
	warden *ladon.Ladon
	all    ladon.Policies
	claims map[string][]string // of each package, as its document says
	mu     sync.Mutex          // guards known
	known  map[string]bool     // decided before
	rowish []string            // the row keys any policy names
	sealed [2]string           // the customers' ids
	rows   []*node
}

// newOracle reads every document of the directories.
func newOracle(t testing.TB, s *sdl, w *canary.World, sealed [2]string, dirs ...string) *oracle {
	t.Helper()
	ladon.ConditionFactories["EqualsClaimCondition"] = func() ladon.Condition { return &claimed{} }
	ladon.ConditionFactories["StringInCondition"] = func() ladon.Condition { return &among{} }
	o := &oracle{
		sdl: s, world: w, claims: map[string][]string{}, known: map[string]bool{}, sealed: sealed,
		warden: &ladon.Ladon{Matcher: ladon.NewRegexpMatcher(1 << 14), Metric: quiet{}, AuditLogger: &ladon.AuditLoggerNoOp{}},
	}
	for _, dir := range dirs {
		files, _ := filepath.Glob(filepath.Join(dir, "*.json"))
		if len(files) == 0 {
			t.Fatalf("no documents in %s", dir)
		}
		for _, f := range files {
			b, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			var d struct {
				Package  string
				Claims   []string
				Policies []*ladon.DefaultPolicy
			}
			if err := json.Unmarshal(b, &d); err != nil {
				t.Fatalf("%s: %v", f, err)
			}
			if d.Package != "" {
				o.claims[d.Package] = d.Claims
			}
			for _, p := range d.Policies {
				for key, c := range p.Conditions {
					if c, ok := c.(*claimed); ok {
						c.deny = p.Effect == ladon.DenyAccess
					}
					if strings.HasPrefix(key, "claim.") && p.Effect == ladon.DenyAccess {
						p.Conditions[key] = closed{c}
					}
					if strings.HasPrefix(key, "row.") && !slices.Contains(o.rowish, key) {
						o.rowish = append(o.rowish, key)
					}
				}
				o.all = append(o.all, p)
			}
		}
	}
	slices.Sort(o.rowish)
	return o
}

// quiet counts nothing. Without a metric of its own Ladon races.
type quiet struct{}

func (quiet) RequestDeniedBy(ladon.Request, ladon.Policy)               {}
func (quiet) RequestAllowedBy(ladon.Request, ladon.Policies)            {}
func (quiet) RequestNoMatch(ladon.Request)                              {}
func (quiet) RequestProcessingError(ladon.Request, ladon.Policy, error) {}

// node is a row as the graph has it: a document of one system, or a golden customer.
type node struct {
	typ, name string
	texts     map[string]string
	links     map[string]*node
	rows      []*canary.Row
}

// nodes returns every row of the graph, always the same ones.
func (o *oracle) nodes() []*node {
	if o.rows == nil {
		o.rows = o.makeNodes()
	}
	return o.rows
}

func (o *oracle) makeNodes() []*node {
	var out []*node
	of := map[*canary.Row]*node{}
	for i, rows := range o.world.Customers {
		n := &node{typ: "Customer", name: "customer-" + string(rune('1'+i)), texts: map[string]string{"customerId": o.sealed[i], "country": "MD"}, rows: rows}
		for _, r := range rows {
			of[r] = n
			for k, v := range r.Texts {
				n.texts[k] = v
			}
		}
		out = append(out, n)
	}
	for _, r := range o.world.Rows {
		if of[r] != nil {
			continue
		}
		n := &node{typ: r.Type, name: r.Name, texts: map[string]string{}, links: map[string]*node{}, rows: []*canary.Row{r}}
		for k, v := range r.Texts {
			n.texts[k] = v
		}
		for column, to := range r.Links {
			n.links[column] = of[to]
			if column == "customer" {
				n.texts["customerId"] = of[to].texts["customerId"]
			}
		}
		of[r] = n
		out = append(out, n)
	}
	return out
}

// partner is who asks.
type partner struct {
	name     string
	packages []string
	role     string
	claims   map[string]string
	token    string
	public   string // the token's id
}

// access is whether a field may be read of a row: whole, or with a mask, or not.
type access struct {
	whole bool
	mask  string
}

// read decides one field of one row, reached from a row of the type via; "" in a
// list. A nil node is a field without a row.
func (o *oracle) read(p *partner, field canary.Field, n *node, via string) access {
	verdict := func(action string) (allowed, denied bool) {
		subjects := []string{"token:" + p.public, "role:" + p.role}
		for _, name := range p.packages {
			subjects = append(subjects, "package:"+name)
		}
		about := ladon.Context{"request.door": "graphql", "request.address": "127.0.0.1"}
		for k, v := range p.claims {
			about["claim."+k] = v
		}
		key := p.name + " " + action + " " + field.String()
		for _, k := range o.rowish {
			if v, ok := o.column(n, via, strings.TrimPrefix(k, "row.")); ok {
				about[k] = v
				key += " " + k + "=" + v
			}
		}
		o.mu.Lock()
		defer o.mu.Unlock()
		if known, ok := o.known[key+" denied"]; ok {
			return o.known[key], known
		}
		for _, subject := range subjects {
			err := o.warden.DoPoliciesAllow(context.Background(), &ladon.Request{Resource: "graph:" + field.String(), Action: action, Subject: subject, Context: about}, o.all)
			allowed = allowed || err == nil
			denied = denied || errors.Is(err, ladon.ErrRequestForcefullyDenied)
		}
		o.known[key], o.known[key+" denied"] = allowed && !denied, denied
		return allowed && !denied, denied
	}
	allowed, denied := verdict("read")
	if allowed || denied {
		return access{whole: allowed}
	}
	for _, kind := range []string{"last4", "domain", "year", "hash", "null"} {
		if masked, _ := verdict("mask:" + kind); masked {
			return access{mask: kind}
		}
	}
	return access{}
}

// column is what row.NAME of a condition stands for.
func (o *oracle) column(n *node, via, name string) (string, bool) {
	if n == nil {
		return "", false
	}
	if name == "via" {
		return via, via != ""
	}
	// The configuration of the world: shop, carrier and supplier are the columns of
	// the same names.
	v, ok := n.texts[name]
	return v, ok && v != ""
}

// sight is what a partner may see of the world.
type sight struct {
	reached map[*node]map[string]bool // by the types it can be reached from; "" in lists
	whole   map[*canary.Cell]bool
	masked  map[*canary.Cell]string // the kind
}

// sees finds every row that a partner can reach, and every canary he may find there.
func (o *oracle) sees(p *partner) *sight {
	all := o.nodes()
	s := &sight{reached: map[*node]map[string]bool{}, whole: map[*canary.Cell]bool{}, masked: map[*canary.Cell]string{}}
	type visit struct {
		n   *node
		via string
	}
	var queue []visit
	reach := func(n *node, via string) {
		if s.reached[n][via] || !o.read(p, canary.Field{Type: n.typ, Name: "id"}, n, via).whole {
			return
		}
		if s.reached[n] == nil {
			s.reached[n] = map[string]bool{}
		}
		s.reached[n][via] = true
		queue = append(queue, visit{n, via})
	}
	for _, n := range all {
		reach(n, "")
	}
	for len(queue) > 0 {
		from := queue[0]
		queue = queue[1:]
		for _, f := range o.sdl.Types[from.n.typ].Fields {
			to, ok := o.sdl.isRelation(f)
			if !ok || !o.read(p, canary.Field{Type: from.n.typ, Name: f.Name}, from.n, from.via).whole {
				continue
			}
			for _, n := range all {
				if n.typ == to && linked(from.n, n) {
					reach(n, from.n.typ)
				}
			}
		}
	}
	o.find(p, s, all)
	return s
}

// find decides every canary of what can be reached.
func (o *oracle) find(p *partner, s *sight, all []*node) {
	of := map[*canary.Row]*node{}
	for _, n := range all {
		for _, r := range n.rows {
			of[r] = n
		}
	}
	for _, c := range o.world.Cells() {
		for _, path := range c.Paths {
			n := of[path.Row]
			for via := range s.reached[n] {
				whole, mask := true, ""
				for _, f := range path.Fields {
					holder := n
					if !o.sdl.isEntity(f.Type) {
						holder = nil
					}
					a := o.read(p, f, holder, via)
					whole = whole && a.whole
					if mask == "" {
						mask = a.mask
					}
				}
				if whole {
					s.whole[c] = true
				} else if mask != "" && len(path.Fields) == 1 {
					s.masked[c] = mask
				}
			}
		}
	}
	for _, v := range p.claims {
		for _, c := range o.world.Cells() {
			if c.Canary == v {
				s.whole[c] = true // his own claims, in me
			}
		}
	}
}

// linked reports whether two rows belong together.
func linked(a, b *node) bool {
	has := func(child, parent *node) bool {
		return child.links[strings.ToLower(parent.typ)] == parent
	}
	return has(a, b) || has(b, a)
}

// could reports whether a token might read a field of some row that this world has
// not: by every allow whose conditions on rows are taken as met.
func (o *oracle) could(p *partner, f canary.Field) bool {
	for _, policy := range o.all {
		if !policy.AllowAccess() {
			continue
		}
		free := &ladon.DefaultPolicy{ID: policy.GetID(), Subjects: policy.GetSubjects(), Effect: policy.GetEffect(), Resources: policy.GetResources(), Actions: policy.GetActions(), Conditions: ladon.Conditions{}}
		for _, name := range append([]string{"role:" + p.role}, prefixed("package:", p.packages)...) {
			for _, action := range []string{"read", "mask:last4", "mask:domain", "mask:year", "mask:hash", "mask:null"} {
				if o.warden.DoPoliciesAllow(context.Background(), &ladon.Request{Resource: "graph:" + f.String(), Action: action, Subject: name}, ladon.Policies{free}) == nil {
					return true
				}
			}
		}
	}
	return false
}

func prefixed(prefix string, names []string) []string {
	out := make([]string, len(names))
	for i, n := range names {
		out[i] = prefix + n
	}
	return out
}
