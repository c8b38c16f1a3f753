package policies

import (
	"crypto/sha256"
	"encoding/hex"
	"io"
	"slices"
	"strconv"

	"github.com/vektah/gqlparser/v2/ast"
)

// raw is what the policies say of one field, before what its type and the types it
// leads to say is taken into account.
type raw struct {
	full   *Rule // where it is read whole
	masked *Rule // where it is read masked by mask
	mask   MaskKind
	acts   [acts]*Rule
}

// reachable reports whether the policies show anything of the field. Of Mutation that
// is what may be written, of Subscription what may be subscribed to.
func (r *raw) reachable() bool { return !r.full.never() || !r.masked.never() }

// NewView makes a view without documents: what an action is granted on is asked of
// granted, by type, field and action ("read", "mask:hash" and so on); a nil Rule means
// all rows. As with documents, a type whose id is denied is denied wholly.
func NewView(g *Graph, version string, granted func(typeName, field string, a Action) (on *Rule, ok bool)) *View {
	list := make([]raw, g.Len())
	for i := range list {
		typeName, field := g.Name(FieldID(i)) //nolint:gosec // i is below Len
		ask := func(act int) *Rule {
			if on, ok := granted(typeName, field, Action(actionNames()[act])); ok {
				return on
			}
			return &Rule{Op: Never}
		}
		list[i] = rawOf(g.fields[i].holder, ask)
	}
	return build(g, version, list)
}

// rawOf puts together what is granted of one field, by action.
func rawOf(h *holder, ask func(act int) *Rule) raw {
	r := raw{full: ask(readAct), masked: &Rule{Op: Never}}
	for i := range r.acts {
		r.acts[i] = ask(i + 1)
	}
	switch h.root {
	case ast.Mutation:
		r.full = r.acts[writeAct-1]
		return r
	case ast.Subscription:
		r.full = r.acts[subscribeAct-1]
		return r
	}
	for act := firstMask; act < allActs; act++ {
		if on := ask(act); !implies(on, r.full) {
			r.masked, r.mask = on, maskOf(act)
			break
		}
	}
	return r
}

// build makes the view of what the policies say of each field.
func build(g *Graph, version string, list []raw) *View {
	v := &View{
		graph: g, version: version, verdicts: make([]Verdict, len(list)), grants: make([]Grant, len(list)),
		rows: make(map[string]*Rule, len(g.types)+len(g.parts)),
	}
	for i := range v.acts {
		v.acts[i] = make([]*Rule, len(list))
	}
	in := interner{}
	alive := living(g, list)
	for name, h := range g.types {
		switch {
		case !alive[name]:
			v.rows[name] = in.one(&Rule{Op: Never})
		case h.key != noKey:
			v.rows[name] = in.one(list[h.key].full)
		default:
			v.rows[name] = nil
		}
	}
	for part := range g.parts {
		v.rows[part.holder] = nil
	}
	for i := range list {
		f, r := &g.fields[i], &list[i]
		rows := v.rows[f.holder.name]
		if alive[f.holder.name] && leads(f, alive) {
			v.grants[i] = grant(r, rows, in)
		}
		v.verdicts[i] = v.grants[i].Verdict
		for j, on := range r.acts {
			switch {
			case j+1 == writeAct && (f.holder.root != ast.Mutation || v.verdicts[i] != Deny):
				// A field may be written without being read.
			case v.verdicts[i] == Deny:
				on = &Rule{Op: Never}
			case implies(rows, on):
				on = nil
			}
			v.acts[j][i] = in.one(on)
		}
	}
	v.hash = v.identity()
	return v
}

// grant is what may be read of a field whose type shows rows.
func grant(r *raw, rows *Rule, in interner) Grant {
	switch {
	case implies(rows, r.full):
		return Grant{Verdict: Allow}
	case r.full.never() && r.masked.never():
		return Grant{}
	case r.full.never() && implies(rows, r.masked):
		return Grant{Verdict: Mask, Mask: r.mask}
	}
	return Grant{Verdict: Row, Mask: r.mask, Full: in.one(r.full), Masked: in.one(r.masked)}
}

// living finds the types of which anything is shown: an entity whose id is, another
// type of which any field is. A field that answers with such types only, none of which
// is shown, is not shown either.
func living(g *Graph, list []raw) map[string]bool {
	alive := make(map[string]bool, len(g.types))
	for name := range g.types {
		alive[name] = true
	}
	for changed := true; changed; {
		changed = false
		for name, h := range g.types {
			if !alive[name] {
				continue
			}
			of := h.fields
			if h.key != noKey {
				of = []FieldID{h.key}
			}
			if !slices.ContainsFunc(of, func(f FieldID) bool { return list[f].reachable() && leads(&g.fields[f], alive) }) {
				alive[name], changed = false, true
			}
		}
	}
	return alive
}

// leads reports whether a field answers with anything that is shown.
func leads(f *policed, alive map[string]bool) bool {
	return len(f.shows) == 0 || slices.ContainsFunc(f.shows, func(t string) bool { return alive[t] })
}

// interner keeps one of equal rules.
type interner map[string]*Rule

func (in interner) one(r *Rule) *Rule {
	if r.always() {
		return nil
	}
	key := r.Key()
	if kept, ok := in[key]; ok {
		return kept
	}
	in[key] = r
	return r
}

// identity hashes all a view says.
func (v *View) identity() string {
	h := sha256.New()
	write := func(s string) { _, _ = io.WriteString(h, s+"\x00") }
	write(v.graph.digest())
	for i := range v.grants {
		g := &v.grants[i]
		write(strconv.Itoa(int(g.Verdict)) + string(g.Mask))
		write(g.Full.Key())
		write(g.Masked.Key())
		for _, of := range v.acts {
			write(of[i].Key())
		}
	}
	for _, name := range v.graph.names {
		write(v.rows[name].Key())
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}
