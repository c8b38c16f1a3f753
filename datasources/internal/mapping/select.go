package mapping

import (
	"sync"

	"github.com/trama-graph/trama/datasources"
)

// maxSelections bounds the plans that are kept by the columns they were asked for.
const maxSelections = 64

// selections are a plan's plans of fewer columns. Clients ask for few sets of
// columns again and again.
type selections[T any] struct {
	mu     sync.RWMutex // guards byName
	byName map[string]*Plan[T]
}

// Select returns a plan that reads only the columns asked for, besides the keys
// and numbers every row carries. The Tally of one plan is of no use for another.
func (p *Plan[T]) Select(f datasources.Fields) *Plan[T] {
	if f == nil {
		return p
	}
	name := f.Key()
	p.selected.mu.RLock()
	found := p.selected.byName[name]
	p.selected.mu.RUnlock()
	if found != nil {
		return found
	}
	made := p.selection(f)
	p.selected.mu.Lock()
	defer p.selected.mu.Unlock()
	if p.selected.byName == nil {
		p.selected.byName = map[string]*Plan[T]{}
	}
	if len(p.selected.byName) < maxSelections {
		p.selected.byName[name] = made
	}
	return made
}

func (p *Plan[T]) selection(f datasources.Fields) *Plan[T] {
	out := *p
	out.fields, out.cur, out.gone = nil, -1, -1
	out.selected = &selections[T]{}
	amounts := f.Has("total") || f.Has("net") || f.Has("tax") || f.Has("computed")
	for i, x := range p.fields {
		n := len(out.fields)
		switch {
		case i == p.cur:
			out.cur = n
		case i == p.gone:
			out.gone = n
		case x.role == isNet, x.role == isTax, x.name == "total":
			if !amounts {
				continue
			}
		case x.role == isKey, x.role == isCode, x.name == "number", x.name == "sku":
		case x.name == "orderNumbers" && (f.Has("orderNumber") || f.Has("order")),
			x.name == "quoteNumbers" && (f.Has("quoteNumber") || f.Has("quote")),
			x.name == "invoiceNumbers" && (f.Has("invoiceNumber") || f.Has("invoice")):
		case x.name == "customer" && f.Has("customerNumber"):
		case f.Has(x.name):
		default:
			continue
		}
		out.fields = append(out.fields, x)
	}
	out.shape = out.shapeOf()
	return &out
}
