package testgraph

import (
	"context"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/govalues/decimal"

	"github.com/trama-graph/trama/graph/engine/internal/testgraph/model"
	"github.com/trama-graph/trama/graph/engine/internal/testgraph/world"
	"github.com/trama-graph/trama/graph/plan"
	"github.com/trama-graph/trama/schema"
)

// Root is the resolver root over a world. On, when it is set, sees the context
// of each batch call before it is answered; OnPart sees that of each further part of
// Query.customers, with the number of its first row, and may fail in its stead.
type Root struct {
	World  *world.World
	On     func(ctx context.Context, field string, parents int)
	OnPart func(ctx context.Context, from int) error
}

// Customer returns the resolvers of Customer.
func (r *Root) Customer() CustomerResolver { return customers{r} }

// Gadget returns the resolvers of Gadget.
func (r *Root) Gadget() GadgetResolver { return gadgets{r} }

// Mutation returns the resolvers of Mutation.
func (r *Root) Mutation() MutationResolver { return mutations{r} }

// Part returns the resolvers of Part.
func (r *Root) Part() PartResolver { return parts{r} }

// Query returns the resolvers of Query.
func (r *Root) Query() QueryResolver { return queries{r} }

// Ticket returns the resolvers of Ticket.
func (r *Root) Ticket() TicketResolver { return tickets{r} }

type (
	customers struct{ *Root }
	gadgets   struct{ *Root }
	mutations struct{ *Root }
	parts     struct{ *Root }
	queries   struct{ *Root }
	tickets   struct{ *Root }
)

type dice = *world.Dice

func batch[P comparable, R any](ctx context.Context, r *Root, field string, objs []P, get func(dice, P) R) ([]R, error) {
	if r.On != nil {
		r.On(ctx, field, len(objs))
	}
	return world.Batch(r.World, field, objs, get)
}

func size(first *int, otherwise int) int {
	if first == nil {
		return otherwise
	}
	return min(max(*first, 0), 5)
}

func (r customers) Level(ctx context.Context, objs []*world.Customer) ([]int, error) {
	return batch(ctx, r.Root, "Customer.level", objs, func(d dice, _ *world.Customer) int { return d.IntN(10) })
}

func (r customers) Tickets(ctx context.Context, objs []*world.Customer, first *int, status *world.Status, filter *model.Filter) ([]*world.TicketPage, error) {
	return batch(ctx, r.Root, "Customer.tickets", objs, func(d dice, _ *world.Customer) *world.TicketPage {
		return world.Page(d, size(first, 2), r.World.Ticket)
	})
}

func (r customers) MustTickets(ctx context.Context, objs []*world.Customer, first *int) ([]*world.TicketPage, error) {
	return batch(ctx, r.Root, "Customer.mustTickets", objs, func(d dice, _ *world.Customer) *world.TicketPage {
		return world.Page(d, size(first, 2), r.World.Ticket)
	})
}

func (r customers) TicketList(ctx context.Context, objs []*world.Customer) ([][]*world.Ticket, error) {
	return batch(ctx, r.Root, "Customer.ticketList", objs, func(d dice, _ *world.Customer) []*world.Ticket {
		return world.Many(d, r.World.Ticket)
	})
}

func (r customers) Manager(ctx context.Context, objs []*world.Customer) ([]*world.Customer, error) {
	return batch(ctx, r.Root, "Customer.manager", objs, func(d dice, _ *world.Customer) *world.Customer { return r.World.Customer(d) })
}

func (r customers) Boss(ctx context.Context, objs []*world.Customer) ([]*world.Customer, error) {
	return batch(ctx, r.Root, "Customer.boss", objs, func(d dice, _ *world.Customer) *world.Customer { return r.World.Customer(d) })
}

func (r customers) Related(ctx context.Context, objs []*world.Customer) ([][]world.Node, error) {
	return batch(ctx, r.Root, "Customer.related", objs, func(d dice, _ *world.Customer) []world.Node {
		return world.Many(d, r.node)
	})
}

func (r customers) MustRelated(ctx context.Context, objs []*world.Customer) ([][]world.Node, error) {
	return batch(ctx, r.Root, "Customer.mustRelated", objs, func(d dice, _ *world.Customer) []world.Node {
		return world.Many(d, r.node)
	})
}

func (r customers) Best(ctx context.Context, objs []*world.Customer) ([]world.Thing, error) {
	return batch(ctx, r.Root, "Customer.best", objs, func(d dice, _ *world.Customer) world.Thing { return r.World.Thing(d) })
}

func (r customers) Comment(_ context.Context, obj *world.Customer, style *world.Status, upper *world.Upper) (*string, error) {
	return world.One(r.World, "Customer.comment", obj.ID, func(dice) *string {
		s := dump([]any{style, upper})
		return &s
	})
}

func (r customers) Friend(_ context.Context, obj *world.Customer) (*world.Customer, error) {
	return world.One(r.World, "Customer.friend", obj.ID, r.World.Customer)
}

func (r gadgets) Maker(ctx context.Context, objs []*world.Gadget) ([]*world.Customer, error) {
	return batch(ctx, r.Root, "Gadget.maker", objs, func(d dice, _ *world.Gadget) *world.Customer { return r.World.Customer(d) })
}

func (r parts) Owner(ctx context.Context, objs []*world.Part) ([]*world.Customer, error) {
	return batch(ctx, r.Root, "Part.owner", objs, func(d dice, _ *world.Part) *world.Customer { return r.World.Customer(d) })
}

func (r tickets) Customer(ctx context.Context, objs []*world.Ticket) ([]*world.Customer, error) {
	return batch(ctx, r.Root, "Ticket.customer", objs, func(d dice, _ *world.Ticket) *world.Customer { return r.World.Customer(d) })
}

func (r tickets) MustCustomer(ctx context.Context, objs []*world.Ticket) ([]*world.Customer, error) {
	return batch(ctx, r.Root, "Ticket.mustCustomer", objs, func(d dice, _ *world.Ticket) *world.Customer { return r.World.Customer(d) })
}

func (r tickets) Subject(ctx context.Context, objs []*world.Ticket) ([]world.Thing, error) {
	return batch(ctx, r.Root, "Ticket.subject", objs, func(d dice, _ *world.Ticket) world.Thing { return r.World.Thing(d) })
}

func (r tickets) Subjects(ctx context.Context, objs []*world.Ticket) ([][]world.Thing, error) {
	return batch(ctx, r.Root, "Ticket.subjects", objs, func(d dice, _ *world.Ticket) []world.Thing {
		return world.Many(d, r.World.Thing)
	})
}

func (r tickets) Watchers(ctx context.Context, objs []*world.Ticket) ([][]*world.Customer, error) {
	return batch(ctx, r.Root, "Ticket.watchers", objs, func(d dice, _ *world.Ticket) []*world.Customer {
		return world.Many(d, r.World.Customer)
	})
}

func (r mutations) Rename(context.Context, string, string) (*world.Customer, error) {
	return r.World.Customers[0], nil
}

func (r *Root) node(d dice) world.Node {
	if d.IntN(2) == 0 {
		if c := r.World.Customer(d); c != nil {
			return c
		}
	} else if t := r.World.Ticket(d); t != nil {
		return t
	}
	return nil
}

func (r queries) Customers(ctx context.Context, first *int, filter *model.Filter) (*schema.Page[world.Customer], error) {
	page, err := world.One(r.World, "Query.customers", "", func(d dice) *world.CustomerPage {
		if first != nil && *first >= len(r.World.Customers) && *first > 5 {
			n := len(r.World.Customers)
			return &world.CustomerPage{Nodes: r.World.Customers, TotalCount: &n, CursorOf: world.CursorIn(r.World.Customers)}
		}
		return world.Page(d, size(first, 3), r.World.Customer)
	})
	if n := plan.Part(ctx); err == nil && page != nil && n > 0 {
		page = r.inParts(page, n)
	}
	return page, err
}

// inParts divides a page into parts of n nodes.
func (r *Root) inParts(page *world.CustomerPage, n int) *world.CustomerPage {
	nodes := page.Nodes
	var following func(before *world.CustomerPage, from int) *world.CustomerPage
	following = func(before *world.CustomerPage, from int) *world.CustomerPage {
		part := *page
		part.Part, part.Nodes = nil, nodes[from:min(from+n, len(nodes))]
		if from+n >= len(nodes) {
			before.Follow(&part, nil)
			return &part
		}
		part.HasNext = !part.HasNext // only the last part knows
		before.Follow(&part, func(ctx context.Context) (*world.CustomerPage, error) {
			if r.OnPart != nil {
				if err := r.OnPart(ctx, from+n); err != nil {
					return nil, err
				}
			}
			return following(&part, from+n), nil
		})
		return &part
	}
	return following(&world.CustomerPage{}, 0)
}

func (r queries) Customer(_ context.Context, id string) (*world.Customer, error) {
	return world.One(r.World, "Query.customer", id, r.World.Customer)
}

func (r queries) MustCustomer(_ context.Context, id string) (*world.Customer, error) {
	return world.One(r.World, "Query.mustCustomer", id, r.World.Customer)
}

func (r queries) List(_ context.Context, first *int) ([]*world.Customer, error) {
	return world.One(r.World, "Query.list", "", func(d dice) []*world.Customer {
		if first != nil && *first >= len(r.World.Customers) && *first > 5 {
			return r.World.Customers
		}
		return world.Page(d, size(first, 3), r.World.Customer).Nodes
	})
}

func (r queries) Node(_ context.Context, id string) (world.Node, error) {
	return world.One(r.World, "Query.node", id, r.node)
}

func (r queries) Nodes(context.Context) ([]world.Node, error) {
	return world.One(r.World, "Query.nodes", "", func(d dice) []world.Node { return world.Many(d, r.node) })
}

func (r queries) Titled(context.Context) ([]world.Titled, error) {
	return world.One(r.World, "Query.titled", "", func(d dice) []world.Titled {
		return world.Many(d, func(d dice) world.Titled {
			if t := r.World.Ticket(d); t != nil {
				return t
			}
			return nil
		})
	})
}

func (r queries) Named(context.Context) ([]world.Named, error) {
	return world.One(r.World, "Query.named", "", func(d dice) []world.Named {
		return world.Many(d, func(d dice) world.Named {
			switch t := r.World.Thing(d).(type) {
			case *world.Customer:
				return t
			case *world.Gadget:
				return t
			}
			return nil
		})
	})
}

func (r queries) Things(context.Context) ([]world.Thing, error) {
	return world.One(r.World, "Query.things", "", func(d dice) []world.Thing { return world.Many(d, r.World.Thing) })
}

func (r queries) MustThings(context.Context) ([]world.Thing, error) {
	return world.One(r.World, "Query.mustThings", "", func(d dice) []world.Thing { return world.Many(d, r.World.Thing) })
}

func (r queries) Version(context.Context) (string, error) {
	return world.One(r.World, "Query.version", "", func(dice) string { return "1" })
}

func (r queries) Maybe(context.Context) (*string, error) {
	return world.One(r.World, "Query.maybe", "", func(dice) *string { return nil })
}

func (r queries) Count(context.Context) (int, error) {
	return world.One(r.World, "Query.count", "", func(d dice) int { return d.IntN(9) })
}

func (r queries) Words(context.Context) ([]string, error) {
	return world.One(r.World, "Query.words", "", func(dice) []string { return []string{"a", "b"} })
}

func (r queries) Echo(ctx context.Context, num *int, must int, float *float64, text *string, id *string, yes *bool, when *time.Time, amount *decimal.Decimal, upper *world.Upper, status *world.Status, color *world.Color, list []int, matrix [][]*int, statuses []world.Status, mustList []string, filter *model.Filter, filters []*model.Filter, rangeArg *model.Range) (*string, error) {
	_ = graphql.GetOperationContext(ctx)
	s := dump([]any{num, must, float, text, id, yes, when, amount, upper, status, color, list, matrix, statuses, mustList, filter, filters, rangeArg})
	return &s, nil
}
