package engine

import (
	"context"
	"reflect"
)

// Ahead names a relation below another: {"Customer.orders", "Order.invoices"}.
type Ahead struct{ Above, Below string }

// AheadFunc begins to read what the lower relation will be asked for, given the
// parents of the upper one ([]*schema.Customer) and the arguments of the lower one, in
// the order of the SDL and as its resolver gets them. It runs beside the upper
// relation's call, in the context of the lower one's; what it reads must be found
// again by the lower resolver, which waits for it.
type AheadFunc func(ctx context.Context, parents any, args []any)

// ahead begins what can be read a wave earlier, given the parents of a step that is
// about to be called.
func (r *run) ahead(st *step, parents reflect.Value) {
	if len(r.engine.opts.Ahead) == 0 {
		return
	}
	above := st.field.String()
	st.rowSteps(func(low *step) {
		if !low.isCall() || low.argErr != nil {
			return
		}
		begin := r.engine.opts.Ahead[Ahead{above, low.field.String()}]
		if begin == nil {
			return
		}
		args := make([]any, len(low.args))
		for i, a := range low.args {
			args[i] = a.Interface()
		}
		ctx := r.under(low.ctx)
		r.wait.Go(func() {
			defer func() {
				if panicked := recover(); panicked != nil {
					_ = r.engine.opts.Recover(ctx, panicked) // it logs; the lower call says what is wrong
				}
			}()
			begin(ctx, parents.Interface(), args)
		})
	})
}

// rowSteps calls f for the fields of the rows that a step yields, looking through
// pages and edges.
func (s *step) rowSteps(f func(*step)) {
	for _, sel := range s.below {
		for k := range sel.fields {
			low := &sel.fields[k]
			if low.field != nil && (sel.object.page || sel.object.edge) {
				low.rowSteps(f)
				continue
			}
			if low.field != nil {
				f(low)
			}
		}
	}
}
